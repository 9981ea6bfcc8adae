import Metrics

/// The main result of a ranking in a few sentences.
struct RankingSummary {
  private let ranking: Ranking

  init(_ ranking: Ranking) { self.ranking = ranking }

  var sentence: String {
    let students = ranking.students.filter { $0.role == TrialRole.student.rawValue }
    guard let best = students.first else { return "No student gave a result." }
    return
      ([winner(best, of: students.count)]
      + [rivals(of: best), pairs, controls(ahead: best)].compactMap(\.self))
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

  /// The students that do not differ significantly from the best one, as a sentence.
  private func rivals(of best: Ranking.Row) -> String? {
    let next = ranking.studentPairs.filter { $0.first == best.name && $0.pValue != nil && !$0.isDifference }
    return next.isEmpty ? nil : "It is not told apart from \(Words.list(next.map(\.second)))."
  }

  /// The number of student pairs that differ significantly, as a sentence; `nil` if at most one pair was
  /// tested.
  private var pairs: String? {
    let tested = ranking.studentPairs.filter { $0.pValue != nil }
    guard tested.count > 1 else { return nil }
    return
      "\(tested.filter(\.isDifference).count) of \(Words.count(tested.count, "pair")) of students are told apart."
  }

  private func controls(ahead best: Ranking.Row) -> String? {
    let ahead = ranking.students.prefix { $0.name != best.name }
    return ahead.first.map {
      "The control \($0.name) reached \(Words.percent($0.accuracy.mean)), "
        + "\($0.accuracy.metric.isHigherBetter ? "more" : "less") than any student."
    }
  }

  private func comparison(_ first: String, _ second: String) -> Ranking.Comparison? {
    ranking.comparisons.first { $0.first == first && $0.second == second }
  }
}
