public import Settings

/// Linear up to the highest rate, then linear down to zero.
///
/// **Paper** Smith, Topin, "Super-convergence: very fast training of neural networks using large learning
/// rates", 2018, arXiv:1708.07120.
public struct OneCycle: Schedule {
  /// The name in recipes: `one-cycle`.
  public static let name = "one-cycle"
  /// One line for `condense list`.
  public static let summary = "linear up to the learning rate, then linear down to 0"

  /// The share of all steps over which the rate climbs from 0.
  public var warmUp = 0.2

  /// Creates it with its default settings.
  public init() {}
  /// Settings: `warmUp`.
  public static var settings: [Setting<OneCycle>] {
    [
      Setting(
        "warmUp", \.warmUp, in: 0...0.9,
        "share of all steps over which the learning rate rises linearly from 0")
    ]
  }

  /// `1 - progress`.
  public func factor(at progress: Double) -> Double { 1 - progress }
}
