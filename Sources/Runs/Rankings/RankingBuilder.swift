import Metrics

/// Makes the ranking of a run from the results of its trials: a pure function.
///
///     let ranking = try RankingBuilder(run: "tiny", trials: finished, failed: failed).ranking()
///     try ranking.write(to: "runs/tiny/ranking.json")
///
/// Students are compared with the teacher, with the controls that were made for them, and with their
/// neighbours on the fronts of targets; Holm's correction covers exactly these comparisons. Every two
/// students are compared as well, with a correction for these pairs alone.
public struct RankingBuilder: Sendable {
  /// The run's name.
  public var run: String
  /// The results that are ranked, in any order.
  public var trials: [FinishedTrial]
  /// The trials that failed.
  public var failed: [Ranking.Failure]
  /// The trials that were not run.
  public var notRun: [Ranking.Failure]
  /// The groups that a row's name belongs to, such as its methods or their families; a note names each group
  /// whose trials all failed.
  public var families: [String: [String]]
  /// The names of results of an older recipe, which are not ranked.
  public var older: [String]
  /// The targets in the order of the recipe.
  public var targetOrder: [String]
  /// The largest loss of accuracy against the teacher that a chosen student may have, as a fraction.
  public var margin: Double
  /// A description of the ranked students, if these are not all of the recipe; `nil` for all.
  public var selection: String?

  /// Makes a builder; only the run's name and the results are required.
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

  /// Makes the ranking; throws `RunError.result` where a result breaks a rule, or is judged by another metric
  /// than the rest.
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
  /// The least number of seeds at which a difference is tested.
  static let testedSeeds = 3
  /// The level of significance: a smaller p-value tells two rows apart.
  static let level = 0.05
}
