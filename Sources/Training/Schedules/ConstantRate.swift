public import Settings

/// The same rate from the end of the warm-up to the end.
public struct ConstantRate: Schedule {
  /// The name in recipes: `constant`.
  public static let name = "constant"
  /// One line for `condense list`.
  public static let summary = "the same learning rate throughout"

  /// The share of all steps over which the rate climbs from 0.
  public var warmUp = 0.0

  /// Creates it with its default settings.
  public init() {}
  /// Settings: `warmUp`.
  public static var settings: [Setting<ConstantRate>] {
    [
      Setting(
        "warmUp", \.warmUp, in: 0...0.9,
        "share of all steps over which the learning rate rises linearly from 0")
    ]
  }

  /// Always 1.
  public func factor(at progress: Double) -> Double { 1 }
}
