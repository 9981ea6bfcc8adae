/// The sentences that a reader should take away.
struct RankingSummary {
  private let ranking: Ranking

  init(_ ranking: Ranking) { self.ranking = ranking }

  var sentence: String {
    let students = ranking.students.filter { $0.role == TrialResult.Role.student.rawValue }
    guard let best = students.first else { return "No student gave a result." }
    return
      ([winner(best, of: students.count)]
      + [rivals(of: best), controls(ahead: best)].compactMap(\.self))
      .joined(separator: " ")
  }

  private func winner(_ best: Ranking.Row, of count: Int) -> String {
    var text =
      "\(best.name) is the most accurate of \(Words.count(count, "student")): \(Words.interval(best.accuracy)) over "
      + Words.count(best.seeds.count, "seed")
    if let teacher = ranking.teacher, let comparison = comparison(best.name, teacher.name) {
      text += "; against the teacher \(Words.difference(comparison))"
    }
    return text + (best.indicative ? "; indicative." : ".")
  }

  /// The next student on a front, if the best is not told apart from it.
  private func rivals(of best: Ranking.Row) -> String? {
    guard let tie = ranking.ties.first(where: { $0.first == best.name }) else { return nil }
    return "It is not told apart from \(tie[1])."
  }

  private func controls(ahead best: Ranking.Row) -> String? {
    let ahead = ranking.students.prefix { $0.name != best.name }
    return ahead.first.map {
      "The control \($0.name) reached \(Words.percent($0.accuracy.mean)), more than any student."
    }
  }

  private func comparison(_ first: String, _ second: String) -> Ranking.Comparison? {
    ranking.comparisons.first { $0.first == first && $0.second == second }
  }
}

extension Ranking {
  /// Runs of students, more accurate ones first, in which each is not told apart by a test from the next, its neighbour on a
  /// front.
  var ties: [[String]] {
    let names = Set(students.filter { $0.role == TrialResult.Role.student.rawValue }.map(\.name))
    var groups: [[String]] = []
    for comparison in comparisons where names.contains(comparison.first) && names.contains(comparison.second)
    {
      guard let p = comparison.pValue, p >= Self.level else { continue }
      if groups.last?.last == comparison.first {
        groups[groups.count - 1].append(comparison.second)
      } else {
        groups.append([comparison.first, comparison.second])
      }
    }
    return groups
  }
}
