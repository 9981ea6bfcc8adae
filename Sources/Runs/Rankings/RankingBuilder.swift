import Metrics

/// Makes the ranking of a run from what its trials found out: a pure function.
///
///     let ranking = try RankingBuilder(run: "tiny", trials: finished, failed: failed).ranking()
///     try ranking.write(to: "runs/tiny/ranking.json")
///
/// Students are compared with the teacher, with the controls that were made for them, and with their neighbours on the fronts of
/// targets; Holm's correction is over exactly these. Every two students are compared beside that, corrected among themselves.
public struct RankingBuilder: Sendable {
  /// The run's name.
  public var run: String
  /// The results that are ranked, in any order.
  public var trials: [FinishedTrial]
  public var failed: [Ranking.Failure]
  public var notRun: [Ranking.Failure]
  /// What each row's name belongs to, such as its methods or their families: when all trials of one failed, a note says so.
  public var families: [String: [String]]
  /// Names of results that an older recipe left and that are not ranked.
  public var older: [String]
  /// The targets in the order of the recipe.
  public var targetOrder: [String]
  /// How much less accurate than the teacher a student may be to be chosen, as a fraction.
  public var margin: Double
  /// Which of the recipe's students are ranked, in words; `nil` for all.
  public var selection: String?

  public init(
    run: String, trials: [FinishedTrial], failed: [Ranking.Failure] = [], notRun: [Ranking.Failure] = [],
    families: [String: [String]] = [:], older: [String] = [],
    targetOrder: [String] = [], margin: Double = Ranking.defaultMargin, selection: String? = nil
  ) {
    self.run = run
    self.trials = trials
    self.failed = failed
    self.notRun = notRun
    self.families = families
    self.older = older
    self.targetOrder = targetOrder
    self.margin = margin
    self.selection = selection
  }

  /// The ranking. Throws `RunError.result` where a result breaks its own rules.
  public func ranking() throws(RunError) -> Ranking {
    for trial in trials {
      let path = trial.directory + "/" + TrialResult.fileName
      try trial.result.validate(path: path)
      let (own, first) = (
        trial.result.accuracy.details.judgedBy, trials[0].result.accuracy.details.judgedBy
      )
      guard own == first else {
        throw .result(
          path: path, field: "accuracy", reason: "is judged by \(own), another trial of the run by \(first)")
      }
    }
    let groups = Dictionary(grouping: trials, by: \.result.name)
    let rows = groups.keys.sorted().compactMap { name in RowTrials(groups[name] ?? []) }
    let variance = SeedVariance(rows.map(\.sample))
    let teacher = rows.first { $0.role == .teacher }
    let students = rows.filter { $0.role != .teacher }.sorted(by: RowTrials.isBetter)
    let targets = TargetStandings(
      students: students.map { $0.row(variance) }, teacher: teacher.map { $0.row(variance) })
    let comparisons = Ranking.Comparison.all(
      teacher: teacher, students: students, fronts: targets.names.compactMap { targets.summaries[$0]?.front },
      variance)
    var ranking = Ranking(
      run: run, teacher: teacher.map { $0.row(variance) },
      students: students.map { student in
        var row = student.row(variance)
        row.againstTeacher = comparisons.first { $0.first == row.name && $0.second == teacher?.name }.map {
          Ranking.Row.Difference(
            mean: $0.mean, low: $0.low, high: $0.high, pValue: $0.pValue, atLeast: $0.atLeast)
        }
        row.paretoOn = targets.fronts(of: row.name)
        row.warnings += PruningGain(of: row, teacher: teacher?.row(variance)).warnings
        return row
      },
      comparisons: comparisons, targets: targets.summaries, failed: failed.sorted(by: Self.isBefore),
      notRun: notRun.sorted(by: Self.isBefore), summary: "", notes: [], targetOrder: targetOrder)
    ranking.studentPairs = Ranking.Comparison.pairs(of: students, variance)
    ranking.summary = RankingSummary(ranking).sentence
    ranking.notes = RankingNotes(ranking, self, rows: rows, variance: variance, targets: targets).all
    return ranking.deciding(margin: margin)
  }

  private static func isBefore(_ first: Ranking.Failure, _ second: Ranking.Failure) -> Bool {
    (first.name, first.seed, first.reason) < (second.name, second.seed, second.reason)
  }
}

extension Ranking {
  /// Below so many seeds a difference is not tested.
  static let testedSeeds = 3
  /// A difference is called one where its p-value is below.
  static let level = 0.05
}
