import Foundation
public import Settings

/// Half a cosine wave from the highest rate down to a floor.
///
/// Paper: Loshchilov, Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017, arXiv:1608.03983
/// (one cycle, no restart).
public struct Cosine: Schedule {
  public static let name = "cosine"
  public static let summary = "half a cosine wave down to a floor"

  public var warmUp = 0.0
  /// The factor that is left at the end.
  public var floor = 0.0

  public init() {}
  public static var settings: [Setting<Cosine>] {
    [
      Setting("warmUp", \.warmUp, in: 0...0.9, "share of all steps over which the rate climbs"),
      Setting("floor", \.floor, in: 0...1, "factor on the rate that is left at the end"),
    ]
  }

  public func factor(at progress: Double) -> Double {
    floor + (1 - floor) * (1 + cos(Double.pi * min(max(progress, 0), 1))) / 2
  }
}
