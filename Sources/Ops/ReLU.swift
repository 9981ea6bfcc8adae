public import Graphs
public import Settings
import Tensors

/// The rectifier.
///
/// **Formula**: `y = max(x, 0)`
///
/// **Shapes**: `x, y [N, C, …]`.
///
/// **Gradient**: `dy` where x > 0, else 0.
///
/// **Cost**: traffic only.
///
/// **Paper**: Nair, Hinton, "Rectified linear units improve restricted Boltzmann machines", ICML 2010.
public struct ReLU: Activation {
  /// The name in files: `relu`.
  public static let kind = "relu"
  /// Makes a rectifier.
  public init() {}
  /// No settings.
  public static var settings: [Setting<ReLU>] { [] }
  /// Small cases that the laws of ops run.
  public static var examples: [OpExample<ReLU>] {
    [OpExample(ReLU(), [2, 3, 4, 2]), OpExample(ReLU(), [3, 5])]
  }
  /// Clamps numbers, which the op before can do as it stores.
  public var valueFlow: ValueFlow { .clamping }
  /// x for x > 0, else 0.
  public func value(_ x: Float) -> Float { x > 0 ? x : 0 }
  /// 1 for x > 0, else 0.
  public func derivative(at x: Float, output y: Float) -> Float { x > 0 ? 1 : 0 }
}
