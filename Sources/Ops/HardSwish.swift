public import Graphs
public import Settings
import Tensors

/// A piecewise approximation of swish.
///
/// **Formula**: `y = x · min(max(x + 3, 0), 6) / 6`
///
/// **Shapes**: `x, y [N, C, …]`.
///
/// **Gradient**: `dy` times 0 for x ≤ -3, 1 for x ≥ 3, else (2x + 3)/6.
///
/// **Cost**: traffic only.
///
/// **Paper**: Howard et al., "Searching for MobileNetV3", 2019, arXiv:1905.02244.
public struct HardSwish: Activation {
  /// The name in files: `hard-swish`.
  public static let kind = "hard-swish"
  /// Makes the activation.
  public init() {}
  /// No settings.
  public static var settings: [Setting<HardSwish>] { [] }
  /// Small cases that the laws of ops run.
  public static var examples: [OpExample<HardSwish>] {
    [OpExample(HardSwish(), [2, 3, 4, 2]), OpExample(HardSwish(), [3, 5])]
  }
  /// `x · min(max(x + 3, 0), 6) / 6`.
  public func value(_ x: Float) -> Float { x * min(max(x + 3, 0), 6) / 6 }
  /// 0 for x ≤ -3, 1 for x ≥ 3, else `(2x + 3)/6`.
  public func derivative(at x: Float, output y: Float) -> Float { x <= -3 ? 0 : x >= 3 ? 1 : (2 * x + 3) / 6 }
}
