import Foundation
public import Graphs
public import Settings
import Tensors

/// The Gaussian error linear unit.
///
/// **Formula**: `y = x · Φ(x)`, Φ being the normal distribution's function `(1 + erf(x/√2))/2`; approximated
/// `y = x/2 · (1 + tanh(√(2/π) · (x + 0.044715 · x³)))`.
///
/// **Shapes**: `x, y [N, C, …]`.
///
/// **Gradient**: `dy · (Φ(x) + x · φ(x))`, φ being the normal density; of the approximation its own derivative.
///
/// **Cost**: traffic only.
///
/// **Settings**: form.
///
/// **Paper**: Hendrycks, Gimpel, "Gaussian error linear units", 2016, arXiv:1606.08415.
public struct GELU: Activation {
  public static let kind = "gelu"

  /// How the distribution's function is computed.
  public enum Form: String, Sendable, SettingChoice {
    case exact, tanh
  }

  /// How the distribution's function is computed.
  public var form = Form.exact

  /// The exact one.
  public init() {}

  /// Makes a unit.
  public init(form: Form) { self.form = form }

  public static var settings: [Setting<GELU>] {
    [Setting("form", \.form, "the normal distribution's function exactly, or by a hyperbolic tangent")]
  }

  public static var examples: [OpExample<GELU>] {
    [OpExample(GELU(), [2, 3, 4, 2]), OpExample(GELU(form: .tanh), [3, 5])]
  }

  /// `y` in double precision.
  public func exactValue(_ x: Double) -> Double {
    form == .exact ? x * (1 + erf(x / 2.0.squareRoot())) / 2 : x * (1 + Foundation.tanh(Self.inner(x))) / 2
  }

  /// What the hyperbolic tangent is taken of.
  private static func inner(_ x: Double) -> Double {
    (2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)
  }

  public func value(_ x: Float) -> Float { Float(exactValue(Double(x))) }

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
