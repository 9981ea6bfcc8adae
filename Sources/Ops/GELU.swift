import Foundation
public import Graphs
public import Settings
import Tensors

/// The Gaussian error linear unit.
///
/// **Formula**: `y = x · Φ(x)`, where `Φ(x) = (1 + erf(x/√2))/2` is the normal distribution's function; the
/// approximation is `y = x/2 · (1 + tanh(√(2/π) · (x + 0.044715 · x³)))`.
///
/// **Shapes**: `x, y [N, C, …]`.
///
/// **Gradient**: `dy · (Φ(x) + x · φ(x))`, where φ is the normal density; the approximation has its own
/// derivative.
///
/// **Cost**: traffic only.
///
/// **Settings**: form.
///
/// **Paper**: Hendrycks, Gimpel, "Gaussian error linear units", 2016, arXiv:1606.08415.
public struct GELU: Activation {
  /// The name in files: `gelu`.
  public static let kind = "gelu"

  /// A way to compute the normal distribution's function.
  public enum Form: String, Sendable, SettingChoice {
    /// The exact function, and its approximation by a hyperbolic tangent.
    case exact, tanh
  }

  /// The way to compute the normal distribution's function.
  public var form = Form.exact

  /// The exact form.
  public init() {}

  /// Makes a unit.
  public init(form: Form) { self.form = form }

  /// Settings: `form`.
  public static var settings: [Setting<GELU>] {
    [Setting("form", \.form, "the normal distribution's function exactly, or by a hyperbolic tangent")]
  }

  /// Small cases that the laws of ops run.
  public static var examples: [OpExample<GELU>] {
    [OpExample(GELU(), [2, 3, 4, 2]), OpExample(GELU(form: .tanh), [3, 5])]
  }

  /// `y` in double precision.
  public func exactValue(_ x: Double) -> Double {
    form == .exact ? x * (1 + erf(x / 2.0.squareRoot())) / 2 : x * (1 + Foundation.tanh(Self.inner(x))) / 2
  }

  /// The argument of the hyperbolic tangent.
  private static func inner(_ x: Double) -> Double {
    (2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)
  }

  /// `x · Φ(x)`, computed in double precision.
  public func value(_ x: Float) -> Float { Float(exactValue(Double(x))) }

  /// `Φ(x) + x · φ(x)`, or the approximation's derivative.
  public func derivative(at x: Float, output y: Float) -> Float {
    let x = Double(x)
    guard form == .tanh else {
      return Float((1 + erf(x / 2.0.squareRoot())) / 2 + x * exp(-x * x / 2) / (2 * Double.pi).squareRoot())
    }
    let t = Foundation.tanh(Self.inner(x))
    let slope = (2 / Double.pi).squareRoot() * (1 + 3 * 0.044715 * x * x)
    return Float((1 + t) / 2 + x * (1 - t * t) * slope / 2)
  }
}
