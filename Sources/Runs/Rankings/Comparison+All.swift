extension Ranking.Comparison {
  /// Compares students with the teacher, with the controls made for them, and with the next on a front; each
  /// pair once.
  ///
  /// `students` are students and controls, best first. `fronts` are names of rows for each target, most
  /// accurate first; a run without targets has one front of all students.
  static func all(
    teacher: RowTrials?, students: [RowTrials], fronts: [[String]], _ variance: SeedVariance
  ) -> [Ranking.Comparison] {
    let own = students.filter { $0.role == .student }
    var pairs: [(RowTrials, RowTrials)] = teacher.map { teacher in own.map { ($0, teacher) } } ?? []
    for student in own {
      pairs += students.filter { $0.role == .control && $0.controlOf.contains(student.name) }.map {
        (student, $0)
      }
    }
    var seen: Set<[String]> = []
    for front in fronts.isEmpty ? [own.map(\.name)] : fronts {
      let onFront = own.filter { front.contains($0.name) }
      pairs += zip(onFront, onFront.dropFirst()).filter { seen.insert([$0.0.name, $0.1.name]).inserted }
    }
    return corrected(pairs.compactMap { Tested($0.0, $0.1, variance) })
  }

  /// Compares every two students, the more accurate one first.
  static func pairs(of students: [RowTrials], _ variance: SeedVariance) -> [Ranking.Comparison] {
    let own = students.filter { $0.role == .student }
    return corrected(
      own.indices.flatMap { i in own[(i + 1)...].compactMap { Tested(own[i], $0, variance) } })
  }

  private struct Tested {
    let first: RowTrials
    let second: RowTrials
    let difference: MeanEstimate
    let isTested: Bool

    init?(_ first: RowTrials, _ second: RowTrials, _ variance: SeedVariance) {
      guard let difference = first.sample.difference(from: second.sample, variance) else { return nil }
      self.first = first
      self.second = second
      self.difference = difference
      isTested = first.sample.seedsPaired(with: second.sample).count >= Ranking.testedSeeds
    }
  }

  /// Makes comparisons of the pairs; p-values, of pairs with enough seeds alone, have Holm's correction.
  private static func corrected(_ all: [Tested]) -> [Ranking.Comparison] {
    var values = Holm.corrected(all.filter(\.isTested).map(\.difference.pValue))[...]
    return all.map { tested in
      let (mean, reach) = (tested.difference.mean, tested.difference.reach)
      return Ranking.Comparison(
        first: tested.first.name, second: tested.second.name, mean: mean, low: max(-1, mean - reach),
        high: min(1, mean + reach), pValue: tested.isTested ? values.popFirst() : nil,
        atLeast: max(-1, tested.difference.lowerBound))
    }
  }
}
