public import Settings

/// The highest rate, multiplied by a factor at each of a few milestones.
public struct StepDecay: Schedule {
  public static let name = "step"
  public static let summary = "the rate drops by a factor at milestones"

  public var warmUp = 0.0
  /// When the rate drops: shares of the steps behind the warm-up.
  public var milestones = [0.5, 0.75]
  /// What the rate is multiplied by at a milestone.
  public var factor = 0.1

  public init() {}
  public static var settings: [Setting<StepDecay>] {
    [
      Setting("warmUp", \.warmUp, in: 0...0.9, "share of all steps over which the rate climbs"),
      Setting(
        "milestones", \.milestones, expected: "a list of numbers in 0...1",
        "when the rate drops, as shares of the steps behind the warm-up"
      ) { $0.allSatisfy { (0...1).contains($0) } },
      Setting("factor", \.factor, in: 0...1, "what the rate is multiplied by at a milestone"),
    ]
  }

  public func factor(at progress: Double) -> Double {
    milestones.reduce(1) { $1 <= progress ? $0 * factor : $0 }
  }
}
