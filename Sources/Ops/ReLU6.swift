public import Graphs
public import Settings
import Tensors

/// The rectifier that saturates at 6.
///
/// **Formula**: `y = min(max(x, 0), 6)`
///
/// **Shapes**: `x, y [N, C, …]`.
///
/// **Gradient**: `dy` where 0 < x < 6, else 0.
///
/// **Cost**: traffic only.
///
/// **Paper**: Howard et al., "MobileNets", 2017, arXiv:1704.04861.
public struct ReLU6: Activation {
  /// The name in files: `relu6`.
  public static let kind = "relu6"
  /// Makes the activation.
  public init() {}
  /// No settings.
  public static var settings: [Setting<ReLU6>] { [] }
  /// Small cases that the laws of ops run.
  public static var examples: [OpExample<ReLU6>] {
    [OpExample(ReLU6(), [2, 3, 4, 2]), OpExample(ReLU6(), [3, 5])]
  }
  /// Clamps numbers, which the op before can do as it stores.
  public var valueFlow: ValueFlow { .clamping }
  /// `min(max(x, 0), 6)`.
  public func value(_ x: Float) -> Float { min(max(x, 0), 6) }
  /// 1 for 0 < x < 6, else 0.
  public func derivative(at x: Float, output y: Float) -> Float { x > 0 && x < 6 ? 1 : 0 }
}
