public import Metrics
public import Readings

/// What a run found out, over all seeds: `ranking.json`.
///
/// Everything here is a function of the ledger alone. Rates are fractions 0…1.
public struct Ranking: Codable, Sendable, Equatable {
  /// The file's name in a run's directory.
  public static let fileName = "ranking.json"

  /// One student, control or teacher over its seeds.
  public struct Row: Codable, Sendable, Equatable {
    public struct Accuracy: Codable, Sendable, Equatable {
      /// What it is; `top1` in files for classifiers.
      public var metric: MetricKind
      public var mean: Double
      /// The deviation over seeds; `nil` for one seed.
      @NullWhenNil public var sd: Double?
      /// The 95 % interval, by the variance over seeds, moderated, and over test images.
      public var low: Double
      public var high: Double
      public var perSeed: [Double]
      /// `float`, `simulated` or `integer`.
      public var arithmetic: String
    }

    /// How the row's accuracy differs from the teacher's, paired by seed.
    public struct Difference: Codable, Sendable, Equatable {
      public var mean: Double
      public var low: Double
      public var high: Double
      /// After Holm's correction over all comparisons of the run; `nil` below three seeds.
      @NullWhenNil public var pValue: Double?
      /// What the difference exceeds with 95 % confidence: its one-sided lower bound, for tests of non-inferiority.
      @NullWhenNil public var atLeast: Double?

      /// How much better than the teacher the row is, so that more is better whatever the metric.
      func gain(on metric: MetricKind) -> Double { metric.gain(of: mean, over: 0) }

      /// What that exceeds with 95 % confidence, by the interval's other end where less is better; `nil` where it was not tested.
      func leastGain(on metric: MetricKind) -> Double? {
        guard pValue != nil, let atLeast else { return nil }
        return metric.isHigherBetter ? atLeast : atLeast - 2 * mean
      }
    }

    public var name: String
    /// `teacher`, `student` or `control`.
    public var role: String
    public var methods: [String]
    public var controlOf: [String]
    public var seeds: [UInt64]
    /// Whether there are fewer than three seeds.
    public var indicative: Bool
    public var accuracy: Accuracy
    /// `nil` for the teacher.
    @NullWhenNil public var againstTeacher: Difference?
    /// Means over seeds, rounded, as all counts and bytes of a row.
    public var size: TrialResult.Size
    public var parameters: Int
    public var nonZeros: Int
    public var multiplyAdds: Int
    public var bits: String
    /// Means over seeds; a target fits if it fits every seed.
    public var targets: [String: Reading]
    /// The targets on whose front of accuracy, flash, RAM, energy and further objectives the row lies; never any for the teacher.
    public var paretoOn: [String]
    /// Means over seeds.
    public var cost: TrialResult.Cost
    public var warnings: [String]
    /// The model of the first seed, relative to the run's directory.
    public var model: String
  }

  /// Two rows held against each other.
  public struct Comparison: Codable, Sendable, Equatable {
    public var first: String
    public var second: String
    /// First minus second.
    public var mean: Double
    public var low: Double
    public var high: Double
    /// After Holm's correction over the list that this stands in; `nil` below three seeds that both rows have.
    @NullWhenNil public var pValue: Double?
    /// Whether the two are told apart.
    public var isDifference: Bool { pValue.map { $0 < Ranking.level } ?? false }
    /// What the difference exceeds with 95 % confidence.
    @NullWhenNil public var atLeast: Double?
  }

  /// What a target's front is worth.
  public struct TargetSummary: Codable, Sendable, Equatable {
    /// The best row that fits, in a line for people.
    public var best: String
    /// Rows on the front, by accuracy.
    public var front: [String]
    /// The volume that the front dominates in accuracy × flash × RAM × energy, as a share of the box between the ideal
    /// (accuracy 1, nothing taken) and the reference point (accuracy 0, what the teacher takes).
    public var hypervolume: Double
    /// Whether energy ranks the rows exactly as latency does.
    public var energyRanksAsLatency: Bool
    /// Rows whose latencies do not differ by the target's relative error: each is not told apart from the next.
    public var ties: [[String]] = []
  }

  /// A trial that gave no result.
  public struct Failure: Codable, Sendable, Equatable {
    public var name: String
    public var seed: UInt64
    public var reason: String

    public init(name: String, seed: UInt64, reason: String) {
      self.name = name
      self.seed = seed
      self.reason = reason
    }
  }

  public var schema = Ranking.schemaVersion
  public var run: String
  @NullWhenNil public var teacher: Row?
  /// Students and controls, best first: by mean accuracy, then by smaller file, then by name.
  public var students: [Row]
  /// Students against the teacher, their controls and the next on a front: the questions that the run was made for.
  public var comparisons: [Comparison]
  /// Every two students, the more accurate one first: what else a reader may ask, corrected among themselves.
  public var studentPairs: [Comparison] = []
  public var targets: [String: TargetSummary]
  public var failed: [Failure]
  public var notRun: [Failure]
  /// The sentence that a reader should take away.
  public var summary: String
  /// What a reader should know about all rows.
  public var notes: [String]
  /// The targets in the order of the recipe, the most important one first.
  public var targetOrder: [String] = []
  /// What to take, a target each, in the order of the recipe.
  public var decisions: [Decision] = []
}

extension Ranking {
  /// What the rows are ranked by; `nil` where there is no row.
  public var metric: MetricKind? { (students.first ?? teacher)?.accuracy.metric }
}
