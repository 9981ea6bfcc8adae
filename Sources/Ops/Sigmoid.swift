import Foundation
public import Graphs
public import Settings
import Tensors

/// The logistic function.
///
/// **Formula**: `y = 1/(1 + e^-x)`
///
/// **Shapes**: `x, y [N, C, …]`.
///
/// **Gradient**: `dy · y · (1 - y)`.
///
/// **Cost**: traffic only.
///
/// **Paper**: Rumelhart, Hinton, Williams, "Learning representations by back-propagating errors", 1986.
public struct Sigmoid: Activation {
  /// The name in files: `sigmoid`.
  public static let kind = "sigmoid"
  /// Makes the activation.
  public init() {}
  /// No settings.
  public static var settings: [Setting<Sigmoid>] { [] }
  /// Small cases that the laws of ops run.
  public static var examples: [OpExample<Sigmoid>] {
    [OpExample(Sigmoid(), [2, 3, 4, 2]), OpExample(Sigmoid(), [3, 5])]
  }
  /// `1/(1 + e^-x)`, computed in double precision.
  public func value(_ x: Float) -> Float { Float(1 / (1 + exp(-Double(x)))) }
  /// `y · (1 - y)`.
  public func derivative(at x: Float, output y: Float) -> Float { y * (1 - y) }
}
