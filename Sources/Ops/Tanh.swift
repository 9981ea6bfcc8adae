import Foundation
public import Graphs
public import Settings
import Tensors

/// The hyperbolic tangent.
///
/// **Formula**: `y = tanh(x)`
///
/// **Shapes**: `x, y [N, C, …]`.
///
/// **Gradient**: `dy · (1 - y²)`.
///
/// **Cost**: traffic only.
///
/// **Paper**: LeCun et al., "Efficient BackProp", 1998.
public struct Tanh: Activation {
  /// The name in files: `tanh`.
  public static let kind = "tanh"
  /// Makes the activation.
  public init() {}
  /// No settings.
  public static var settings: [Setting<Tanh>] { [] }
  /// Small cases that the laws of ops run.
  public static var examples: [OpExample<Tanh>] {
    [OpExample(Tanh(), [2, 3, 4, 2]), OpExample(Tanh(), [3, 5])]
  }
  /// `tanh(x)`, computed in double precision.
  public func value(_ x: Float) -> Float { Float(tanh(Double(x))) }
  /// `1 - y²`.
  public func derivative(at x: Float, output y: Float) -> Float { 1 - y * y }
}
