public import Settings

/// The same rate from the end of the warm-up to the end.
public struct ConstantRate: Schedule {
  public static let name = "constant"
  public static let summary = "the same rate throughout"

  public var warmUp = 0.0

  public init() {}
  public static var settings: [Setting<ConstantRate>] {
    [Setting("warmUp", \.warmUp, in: 0...0.9, "share of all steps over which the rate climbs")]
  }

  public func factor(at progress: Double) -> Double { 1 }
}
