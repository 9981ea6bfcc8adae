public import Settings

/// The highest rate, multiplied by a factor at each of a few milestones.
public struct StepDecay: Schedule {
  /// The name in recipes: `step`.
  public static let name = "step"
  /// One line for `condense list`.
  public static let summary = "the learning rate is multiplied by a factor at milestones"

  /// The share of all steps over which the rate climbs from 0.
  public var warmUp = 0.0
  /// The milestones at which the rate drops, as shares of the steps after the warm-up.
  public var milestones = [0.5, 0.75]
  /// The factor by which the rate is multiplied at a milestone, 0...1.
  public var factor = 0.1

  /// Creates it with its default settings.
  public init() {}
  /// Settings: `warmUp`, `milestones`, `factor`.
  public static var settings: [Setting<StepDecay>] {
    [
      Setting(
        "warmUp", \.warmUp, in: 0...0.9,
        "share of all steps over which the learning rate rises linearly from 0"),
      Setting(
        "milestones", \.milestones, expected: "a list of numbers in 0...1",
        "steps at which the rate drops, as shares of the steps after the warm-up"
      ) { $0.allSatisfy { (0...1).contains($0) } },
      Setting("factor", \.factor, in: 0...1, "factor of the learning rate at each milestone"),
    ]
  }

  /// The factor to the power of the number of milestones passed.
  public func factor(at progress: Double) -> Double {
    milestones.reduce(1) { $1 <= progress ? $0 * factor : $0 }
  }
}
