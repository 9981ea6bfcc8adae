import Foundation
public import Settings

/// Half a cosine wave from the highest rate down to a floor.
///
/// **Formula** `floor + (1 - floor)·(1 + cos(π·p))/2` at progress p.
///
/// **Paper** Loshchilov, Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017,
/// arXiv:1608.03983 (one cycle, no restart).
public struct Cosine: Schedule {
  /// The name in recipes: `cosine`.
  public static let name = "cosine"
  /// One line for `condense list`.
  public static let summary = "half a cosine wave from the learning rate down to a floor"

  /// The share of all steps over which the rate climbs from 0.
  public var warmUp = 0.0
  /// The factor that is left at the end, 0...1.
  public var floor = 0.0

  /// Creates it with its default settings.
  public init() {}
  /// Settings: `warmUp`, `floor`.
  public static var settings: [Setting<Cosine>] {
    [
      Setting(
        "warmUp", \.warmUp, in: 0...0.9,
        "share of all steps over which the learning rate rises linearly from 0"),
      Setting("floor", \.floor, in: 0...1, "learning rate at the end, as a share of the highest one"),
    ]
  }

  /// The formula at a progress of 0...1.
  public func factor(at progress: Double) -> Double {
    floor + (1 - floor) * (1 + cos(Double.pi * min(max(progress, 0), 1))) / 2
  }
}
