import Settings

/// How much is pruned and when: the settings that pruning methods share.
///
/// **Formula** at progress p of a stage, with s for sparsity and i for initialSparsity: `s(p) = s` for `schedule: once`,
/// `s + (i - s)·(1 - p)³` for `cubic`, `i + (s - i)·p` for `linear`, `1 - (1 - i)·((1 - s)/(1 - i))^p` for `geometric`, i and at p = 1
/// s for `last`.
public struct PruningAmount: Sendable {
  /// The share that is gone in the end.
  public var sparsity: Double
  /// Where a gradual schedule begins.
  public var initialSparsity = 0.0
  /// How much each layer loses.
  public var scope: any Allocation = .global
  /// How the share grows.
  public var schedule = PruningSchedule.once
  /// Steps of a gradual schedule.
  public var times = 10
  /// The share of the stage's training over which a gradual schedule is spread.
  public var share = 0.5

  /// An amount that is pruned at once.
  public init(sparsity: Double) { self.sparsity = sparsity }

  /// What is to be gone at some progress of the stage.
  public func sparsity(at progress: Double) -> Double {
    guard schedule != .once else { return sparsity }
    return schedule.sparsity(from: initialSparsity, to: sparsity, at: progress)
  }

  /// When the method acts.
  public var pacing: Pacing { schedule == .once ? .once : .gradual(times: times, share: share) }

  /// The same amount, all of it at the last of the points: for controls of methods that learn until then what goes.
  var atLast: PruningAmount {
    var amount = self
    amount.schedule = .last
    return amount
  }

  /// The settings as those of a method that prunes some kinds of units; `what` is what is counted: "weights".
  static func settings<Owner>(
    _ path: WritableKeyPath<Owner, PruningAmount>, of what: String, _ kinds: Set<UnitKind>
  ) -> [Setting<Owner>] {
    [
      Setting(
        "sparsity", path.appending(path: \.sparsity), in: 0...0.999,
        "the share of \(what) that is gone in the end"),
      AllocationCatalogue.setting(path.appending(path: \.scope), dividing: kinds, of: what),
      Setting(
        "schedule", path.appending(path: \.schedule),
        "once: all at the first step; or gradually: cubic, fast at first; linear, equal shares of all; geometric, equal shares of what is left; last, all at the last step"
      ).ofWholeStage(),
      Setting("times", path.appending(path: \.times), in: 1...1000, "steps of a gradual schedule")
        .ofWholeStage(),
      Setting(
        "share", path.appending(path: \.share), in: 0...1,
        "the share of the stage's training over which a gradual schedule is spread"
      ).ofWholeStage(),
      Setting(
        "initialSparsity", path.appending(path: \.initialSparsity), in: 0...0.999,
        "the sparsity at which a gradual schedule begins"),
    ]
  }
}

extension PruningAmount: Equatable {
  public static func == (a: Self, b: Self) -> Bool { a.key == b.key }

  /// What tells amounts apart.
  var key: String {
    let (scope, schedule) = (AllocationCatalogue.key(scope), schedule.rawValue)
    return "\(sparsity) \(initialSparsity) \(scope) \(schedule) \(times) \(share)"
  }
}
