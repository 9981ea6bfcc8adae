import Settings

/// The amount that is pruned, and the schedule: the settings that pruning methods share.
///
/// **Formula**: at progress p of a stage, with s for `sparsity` and i for `initialSparsity`, s(p) is
///
/// - `s` for `schedule: once`,
/// - `s + (i - s)·(1 - p)³` for `cubic`,
/// - `i + (s - i)·p` for `linear`,
/// - `1 - (1 - i)·((1 - s)/(1 - i))^p` for `geometric`,
/// - i before p = 1 and s at p = 1 for `last`.
public struct PruningAmount: Sendable {
  /// The share that is gone in the end, 0...0.999.
  public var sparsity: Double
  /// The share at which a gradual schedule begins, 0...0.999.
  public var initialSparsity = 0.0
  /// The allocation that divides the loss among layers.
  public var scope: any Allocation = .global
  /// The schedule by which the share grows.
  public var schedule = PruningSchedule.once
  /// Steps of a gradual schedule, 1...1000.
  public var times = 10
  /// The share of the stage's training over which a gradual schedule is spread, 0...1.
  public var share = 0.5

  /// Prunes a share at once.
  public init(sparsity: Double) { self.sparsity = sparsity }

  /// The share that is to be gone at some progress of the stage.
  public func sparsity(at progress: Double) -> Double {
    guard schedule != .once else { return sparsity }
    return schedule.sparsity(from: initialSparsity, to: sparsity, at: progress)
  }

  /// At once, or in `times` steps over `share` of the training.
  public var pacing: Pacing { schedule == .once ? .once : .gradual(times: times, share: share) }

  /// The same amount, all of it at the last of the points.
  ///
  /// Controls use it for methods that decide at their last point.
  var atLast: PruningAmount {
    var amount = self
    amount.schedule = .last
    return amount
  }

  /// Settings: `sparsity`, `scope`, `schedule`, `times`, `share`, `initialSparsity`.
  ///
  /// `what` names the things counted, such as "weights".
  static func settings<Owner>(
    _ path: WritableKeyPath<Owner, PruningAmount>, of what: String, _ kinds: Set<UnitKind>
  ) -> [Setting<Owner>] {
    [
      Setting(
        "sparsity", path.appending(path: \.sparsity), in: 0...0.999,
        "share of \(what) that is pruned at the end"),
      AllocationCatalogue.setting(path.appending(path: \.scope), dividing: kinds, of: what),
      Setting(
        "schedule", path.appending(path: \.schedule),
        "once, all at the first step; or gradually: cubic, fast at first; linear, equal shares of the whole; geometric, equal shares of the rest; last, all at the last step"
      ).ofWholeStage(),
      Setting("times", path.appending(path: \.times), in: 1...1000, "steps of a gradual schedule")
        .ofWholeStage(),
      Setting(
        "share", path.appending(path: \.share), in: 0...1,
        "share of the stage's training over which a gradual schedule is spread"
      ).ofWholeStage(),
      Setting(
        "initialSparsity", path.appending(path: \.initialSparsity), in: 0...0.999,
        "sparsity of the first step of a gradual schedule"),
    ]
  }
}

extension PruningAmount: Equatable {
  /// True if all settings are equal.
  public static func == (a: Self, b: Self) -> Bool { a.key == b.key }

  /// A text that is equal for equal amounts.
  var key: String {
    let (scope, schedule) = (AllocationCatalogue.key(scope), schedule.rawValue)
    return "\(sparsity) \(initialSparsity) \(scope) \(schedule) \(times) \(share)"
  }
}
