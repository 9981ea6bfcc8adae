/// Makes the ranking of a run from what its trials found out: a pure function.
///
///     let ranking = try RankingBuilder(run: "tiny", trials: finished, failed: failed).ranking()
///     try ranking.write(to: "runs/tiny/ranking.json")
///
/// Rows are compared with the teacher, with the controls that were made for them, and with their neighbours in the ranking;
/// Holm's correction is over all of these.
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

  public init(
    run: String, trials: [FinishedTrial], failed: [Ranking.Failure] = [], notRun: [Ranking.Failure] = [],
    families: [String: [String]] = [:], older: [String] = []
  ) {
    self.run = run
    self.trials = trials
    self.failed = failed
    self.notRun = notRun
    self.families = families
    self.older = older
  }

  /// The ranking. Throws `RunError.result` where a result breaks its own rules.
  public func ranking() throws(RunError) -> Ranking {
    for trial in trials { try trial.result.validate(path: trial.directory + "/result.json") }
    let groups = Dictionary(grouping: trials, by: \.result.name)
    let rows = groups.keys.sorted().compactMap { name in RowTrials(groups[name] ?? []) }
    let variance = SeedVariance(
      Dictionary(rows.map { ($0.name, $0.sample.bySeed) }, uniquingKeysWith: { first, _ in first }))
    let teacher = rows.first { $0.role == .teacher }
    let students = rows.filter { $0.role != .teacher }.sorted(by: RowTrials.isBetter)
    let comparisons = Ranking.Comparison.all(teacher: teacher, students: students, variance)
    let targets = TargetStandings(
      students: students.map { $0.row(variance) }, teacher: teacher.map { $0.row(variance) })
    var ranking = Ranking(
      run: run, teacher: teacher.map { $0.row(variance) },
      students: students.map { student in
        var row = student.row(variance)
        row.againstTeacher = comparisons.first { $0.first == row.name && $0.second == teacher?.name }.map {
          Ranking.Row.Difference(mean: $0.mean, low: $0.low, high: $0.high, pValue: $0.pValue)
        }
        row.paretoOn = targets.fronts(of: row.name)
        return row
      },
      comparisons: comparisons, targets: targets.summaries, failed: failed.sorted(by: Self.isBefore),
      notRun: notRun.sorted(by: Self.isBefore), summary: "", notes: [])
    ranking.summary = RankingSummary(ranking, targets).sentence
    ranking.notes = RankingNotes(ranking, self, rows: rows, variance: variance, targets: targets).all
    return ranking
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
