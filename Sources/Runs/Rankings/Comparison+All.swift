extension Ranking.Comparison {
  /// Every row against the teacher, students against the controls made for them, students against the next in the ranking.
  static func all(
    teacher: RowTrials?, students: [RowTrials], _ variance: SeedVariance
  ) -> [Ranking.Comparison] {
    var pairs: [(RowTrials, RowTrials)] = teacher.map { teacher in students.map { ($0, teacher) } } ?? []
    let own = students.filter { $0.role == .student }
    for student in own {
      pairs += students.filter { $0.role == .control && $0.controlOf.contains(student.name) }.map {
        (student, $0)
      }
    }
    pairs += zip(own, own.dropFirst())
    return corrected(pairs.compactMap { Tested($0.0, $0.1, variance) })
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

  /// The comparisons with the p-values of those that are tested, corrected for their number.
  private static func corrected(_ all: [Tested]) -> [Ranking.Comparison] {
    var values = Holm.corrected(all.filter(\.isTested).map(\.difference.pValue))[...]
    return all.map { tested in
      let (mean, reach) = (tested.difference.mean, tested.difference.reach)
      return Ranking.Comparison(
        first: tested.first.name, second: tested.second.name, mean: mean, low: max(-1, mean - reach),
        high: min(1, mean + reach), pValue: tested.isTested ? values.popFirst() : nil)
    }
  }
}
