public import Graphs
public import Settings
import Tensors

/// A clamp of numbers between a bound below zero and one above.
///
/// For bounds of 0 and 6 there is `relu6`, for a lower bound of 0 alone `relu`.
///
/// **Formula**: `y = min(max(x, -below), above)`
///
/// **Shapes**: `x, y [N, C, …]`.
///
/// **Gradient**: `dy` where -below < x < above, else 0.
///
/// **Cost**: traffic only.
///
/// **Settings**: below, above.
///
/// **Throws**: `ShapeError` for bounds outside 0...10⁹, or both 0.
///
/// **Paper**: Collobert, "Large scale machine learning", 2004 (bounds of ±1: the hard hyperbolic tangent).
public struct Clamp: Activation {
  /// The name in files: `clamp`.
  public static let kind = "clamp"
  /// The largest magnitude of a bound.
  public static let maximumBound: Float = 1e9

  /// The distance of the lower bound from zero.
  public var below: Float = 1
  /// The distance of the upper bound from zero.
  public var above: Float = 1

  /// Bounds of ±1.
  public init() {}

  /// Makes a clamp.
  public init(below: Float, above: Float) {
    self.below = below
    self.above = above
  }

  /// Settings: `below`, `above`.
  public static var settings: [Setting<Clamp>] {
    [
      Setting("below", \.below, in: 0...maximumBound, "how far below zero numbers may lie"),
      Setting("above", \.above, in: 0...maximumBound, "how far above zero they may lie"),
    ]
  }

  /// Small cases that the laws of ops run.
  public static var examples: [OpExample<Clamp>] {
    [
      OpExample(Clamp(below: 0.6, above: 1.2), [2, 3, 4, 2]), OpExample(Clamp(below: 0, above: 0.9), [3, 5]),
    ]
  }

  /// Refuses bounds outside 0...10⁹, and two bounds of 0.
  public func validate() throws(ShapeError) {
    let range = 0...Self.maximumBound
    guard range.contains(below), range.contains(above), below + above > 0 else {
      throw .invalidSetting(
        op: kind, reason: "bounds \(below) and \(above) are outside 0...\(Self.maximumBound), or both 0")
    }
  }

  /// `min(max(x, -below), above)`.
  public func value(_ x: Float) -> Float { min(max(x, -below), above) }
  /// 1 between the bounds, else 0.
  public func derivative(at x: Float, output y: Float) -> Float { x > -below && x < above ? 1 : 0 }
}
