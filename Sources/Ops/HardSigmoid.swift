public import Graphs
public import Settings
import Tensors

/// A piecewise approximation of the sigmoid.
///
/// **Formula**: `y = min(max(slope · x + offset, 0), 1)`
///
/// **Shapes**: `x, y [N, C, …]`.
///
/// **Gradient**: `slope · dy` where 0 < y < 1, else 0.
///
/// **Cost**: traffic only.
///
/// **Settings**: slope, offset; 1/6 and 1/2 are those of MobileNetV3, 0.2 and 1/2 of older ones.
///
/// **Throws**: `ShapeError` for a slope outside 0.001...1000 and an offset outside 0...1.
///
/// **Paper**: Courbariaux, Bengio, David, "BinaryConnect", 2015, arXiv:1511.00363.
public struct HardSigmoid: Activation {
  /// The name in files: `hard-sigmoid`.
  public static let kind = "hard-sigmoid"

  /// The slope between both bounds.
  public var slope: Float = 1 / 6
  /// The value at zero.
  public var offset: Float = 0.5

  /// A slope of a sixth.
  public init() {}

  /// Makes a hard sigmoid.
  public init(slope: Float, offset: Float) {
    self.slope = slope
    self.offset = offset
  }

  /// Settings: `slope`, `offset`.
  public static var settings: [Setting<HardSigmoid>] {
    [
      Setting("slope", \.slope, in: 0.001...1000, "the slope between both ends"),
      Setting("offset", \.offset, in: 0...1, "the value at zero"),
    ]
  }

  /// Small cases that the laws of ops run.
  public static var examples: [OpExample<HardSigmoid>] {
    [
      OpExample(HardSigmoid(), [2, 3, 4, 2]), OpExample(HardSigmoid(slope: 2 / 3, offset: 0.4), [3, 5]),
    ]
  }

  /// Refuses a slope outside 0.001...1000 and an offset outside 0...1.
  public func validate() throws(ShapeError) {
    guard slope >= 0.001, slope <= 1000, offset >= 0, offset <= 1 else {
      throw .invalidSetting(
        op: kind, reason: "slope \(slope) or offset \(offset) is outside 0.001...1000 or 0...1")
    }
  }

  /// `min(max(slope · x + offset, 0), 1)`.
  public func value(_ x: Float) -> Float { min(max(slope * x + offset, 0), 1) }
  /// `slope` where 0 < y < 1, else 0.
  public func derivative(at x: Float, output y: Float) -> Float { y > 0 && y < 1 ? slope : 0 }
}
