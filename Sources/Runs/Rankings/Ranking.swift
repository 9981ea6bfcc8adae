public import Metrics
public import Readings

/// The results of a run over all seeds: `ranking.json`.
///
/// It is a function of the ledger alone. Rates are fractions 0…1.
public struct Ranking: Codable, Sendable, Equatable {
  /// The file's name in a run's directory.
  public static let fileName = "ranking.json"

  /// One student, control or teacher over its seeds.
  public struct Row: Codable, Sendable, Equatable {
    /// The accuracy of a row over its seeds.
    public struct Accuracy: Codable, Sendable, Equatable {
      /// The metric; `top1` in files of classifiers.
      public var metric: MetricKind
      /// The mean over seeds.
      public var mean: Double
      /// The standard deviation over seeds; `nil` for one seed.
      @NullWhenNil public var sd: Double?
      /// The lower end of the 95 % interval, from the moderated variance over seeds and that over test
      /// images.
      public var low: Double
      /// The upper end of the 95 % interval.
      public var high: Double
      /// The metric of each seed, in the order of `seeds`.
      public var perSeed: [Double]
      /// The arithmetic of the measurement: `float`, `simulated` or `integer`; several with commas where
      /// seeds differ.
      public var arithmetic: String
    }

    /// The difference of a row's accuracy from the teacher's, paired by seed.
    public struct Difference: Codable, Sendable, Equatable {
      /// Row minus teacher.
      public var mean: Double
      /// The lower end of the 95 % interval.
      public var low: Double
      /// The upper end of the 95 % interval.
      public var high: Double
      /// The p-value after Holm's correction over all comparisons of the run; `nil` below three seeds.
      @NullWhenNil public var pValue: Double?
      /// The one-sided lower 95 % bound of the difference, for tests of non-inferiority.
      @NullWhenNil public var atLeast: Double?

      /// The gain over the teacher, positive where the row is better, whatever the metric's direction.
      func gain(on metric: MetricKind) -> Double { metric.gain(of: mean, over: 0) }

      /// The one-sided lower 95 % bound of the gain; `nil` where it was not tested.
      ///
      /// If less is better, it is minus the upper bound of the difference: `atLeast - 2 * mean`.
      func leastGain(on metric: MetricKind) -> Double? {
        guard pValue != nil, let atLeast else { return nil }
        return metric.isHigherBetter ? atLeast : atLeast - 2 * mean
      }
    }

    /// The row's name.
    public var name: String
    /// The role: `teacher`, `student` or `control`.
    public var role: String
    /// The names of the methods, in the order of their stages.
    public var methods: [String]
    /// The students that this row is a control of; empty if it is not a control.
    public var controlOf: [String]
    /// The seeds, ascending.
    public var seeds: [UInt64]
    /// True if there are fewer than three seeds.
    public var indicative: Bool
    /// The accuracy over all seeds.
    public var accuracy: Accuracy
    /// The difference from the teacher; `nil` for the teacher.
    @NullWhenNil public var againstTeacher: Difference?
    /// The file sizes as means over seeds, rounded, as are all counts and bytes of a row.
    public var size: TrialResult.Size
    /// The number of parameters.
    public var parameters: Int
    /// The number of weights that are not zero.
    public var nonZeros: Int
    /// Multiply-adds per image.
    public var multiplyAdds: Int
    /// The bits of weights and values; several with commas where seeds differ.
    public var bits: String
    /// The readings by target, as means over seeds; a row fits a target if every seed fits.
    public var targets: [String: Reading]
    /// The targets on whose Pareto front the row lies; always empty for the teacher.
    ///
    /// The axes of a front are accuracy, flash, RAM, energy and further objectives.
    public var paretoOn: [String]
    /// The cost of training, as means over seeds.
    public var cost: TrialResult.Cost
    /// The warnings of all seeds and those about pruning without a gain, each once.
    public var warnings: [String]
    /// The model of the first seed, as a path relative to the run's directory.
    public var model: String
  }

  /// A test of two rows against each other.
  public struct Comparison: Codable, Sendable, Equatable {
    /// The first row's name.
    public var first: String
    /// The second row's name.
    public var second: String
    /// The mean difference, first minus second.
    public var mean: Double
    /// The lower end of the 95 % interval.
    public var low: Double
    /// The upper end of the 95 % interval.
    public var high: Double
    /// The p-value after Holm's correction over the list that holds this comparison; `nil` below three shared
    /// seeds.
    @NullWhenNil public var pValue: Double?
    /// True if the difference is significant: the p-value is below 0.05.
    public var isDifference: Bool { pValue.map { $0 < Ranking.level } ?? false }
    /// The one-sided lower 95 % bound of the difference.
    @NullWhenNil public var atLeast: Double?
  }

  /// The Pareto front of a target and its quality.
  public struct TargetSummary: Codable, Sendable, Equatable {
    /// The best row that fits, as a line for people; the reason where none fits.
    public var best: String
    /// The rows on the front, the most accurate first.
    public var front: [String]
    /// The hypervolume of the front in accuracy and all objectives, as a share of a box, 0…1.
    ///
    /// The box lies between the ideal point (accuracy 1, nothing taken) and the reference point (accuracy 0,
    /// the teacher's amounts).
    public var hypervolume: Double
    /// True if energy ranks the rows exactly as latency does.
    public var energyRanksAsLatency: Bool
    /// Groups of rows, fastest first, in which each latency is within the target's relative error of the
    /// next.
    public var ties: [[String]] = []
  }

  /// A trial that gave no result.
  public struct Failure: Codable, Sendable, Equatable {
    /// The row's name.
    public var name: String
    /// The trial's seed.
    public var seed: UInt64
    /// The reason as text.
    public var reason: String

    /// Makes a failure of a row's name, a seed and a reason.
    public init(name: String, seed: UInt64, reason: String) {
      self.name = name
      self.seed = seed
      self.reason = reason
    }
  }

  /// The version of the file's schema.
  public var schema = Ranking.schemaVersion
  /// The run's name.
  public var run: String
  /// The teacher's row, if it has a result.
  @NullWhenNil public var teacher: Row?
  /// Students and controls, best first: by mean accuracy, then by smaller file, then by name.
  public var students: [Row]
  /// The comparisons that the run was made for: students against the teacher, their controls and the next on
  /// a front.
  public var comparisons: [Comparison]
  /// Comparisons of every two students, the more accurate one first; p-values are corrected among these
  /// alone.
  public var studentPairs: [Comparison] = []
  /// The fronts by target.
  public var targets: [String: TargetSummary]
  /// The trials that failed, by name and seed.
  public var failed: [Failure]
  /// The trials that were not run, by name and seed.
  public var notRun: [Failure]
  /// The main result in a few sentences.
  public var summary: String
  /// Notes that concern all rows.
  public var notes: [String]
  /// The targets in the order of the recipe, the most important one first.
  public var targetOrder: [String] = []
  /// The recommended students for each target, in the order of the recipe.
  public var decisions: [Decision] = []
  /// The records of searches for fronts, in the order of the recipe; `nil` if there was none.
  public var searches: [SearchRecord]?
}

extension Ranking {
  /// The metric that rows are ranked by; `nil` without rows.
  public var metric: MetricKind? { (students.first ?? teacher)?.accuracy.metric }
}
