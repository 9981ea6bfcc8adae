public import Graphs
public import Settings
import Tensors

/// Numbers kept within two bounds on either side of zero; where these are 0 and 6, or 0 alone, `relu6` and `relu` are the ops.
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
  public static let kind = "clamp"
  /// The largest magnitude of a bound.
  public static let maximumBound: Float = 1e9

  /// How far below zero numbers may lie.
  public var below: Float = 1
  /// How far above zero they may lie.
  public var above: Float = 1

  /// Bounds of ±1.
  public init() {}

  /// Makes a clamp.
  public init(below: Float, above: Float) {
    self.below = below
    self.above = above
  }

  public static var settings: [Setting<Clamp>] {
    [
      Setting("below", \.below, in: 0...maximumBound, "how far below zero numbers may lie"),
      Setting("above", \.above, in: 0...maximumBound, "how far above zero they may lie"),
    ]
  }

  public static var examples: [OpExample<Clamp>] {
    [
      OpExample(Clamp(below: 0.6, above: 1.2), [2, 3, 4, 2]), OpExample(Clamp(below: 0, above: 0.9), [3, 5]),
    ]
  }

  public func validate() throws(ShapeError) {
    let range = 0...Self.maximumBound
    guard range.contains(below), range.contains(above), below + above > 0 else {
      throw .invalidSetting(
        op: kind, reason: "bounds \(below) and \(above) are outside 0...\(Self.maximumBound), or both 0")
    }
  }

  public func value(_ x: Float) -> Float { min(max(x, -below), above) }
  public func derivative(at x: Float, output y: Float) -> Float { x > -below && x < above ? 1 : 0 }
}
