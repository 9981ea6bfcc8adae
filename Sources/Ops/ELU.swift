import Foundation
public import Graphs
public import Settings
import Tensors

/// The exponential linear unit, with a factor that makes it SELU.
///
/// **Formula**: `y = scale · x` for x > 0, else `scale · alpha · (e^x - 1)`
///
/// **Shapes**: `x, y [N, C, …]`.
///
/// **Gradient**: `scale · dy` where x > 0, else `(y + scale · alpha) · dy`.
///
/// **Cost**: traffic only.
///
/// **Settings**: alpha, scale; SELU's are 1.6732632 and 1.050701.
///
/// **Throws**: `ShapeError` for an alpha outside 0...1000 or a scale outside 1e-6...1000.
///
/// **Paper**: Clevert, Unterthiner, Hochreiter, "Fast and accurate deep network learning by exponential
/// linear units", 2015, arXiv:1511.07289; Klambauer et al., "Self-normalizing neural networks", 2017,
/// arXiv:1706.02515.
public struct ELU: Activation {
  /// The name in files: `elu`.
  public static let kind = "elu"

  /// The value that `-y` approaches for very negative x, before the factor `scale`.
  public var alpha: Float = 1
  /// The factor of the output.
  public var scale: Float = 1

  /// An ELU.
  public init() {}

  /// Makes a unit.
  public init(alpha: Float, scale: Float = 1) {
    self.alpha = alpha
    self.scale = scale
  }

  /// Settings: `alpha`, `scale`.
  public static var settings: [Setting<ELU>] {
    [
      Setting("alpha", \.alpha, in: 0...1000, "minus the limit at minus infinity, before the factor"),
      Setting("scale", \.scale, in: 1e-6...1000, "the factor of the whole"),
    ]
  }

  /// Small cases that the laws of ops run.
  public static var examples: [OpExample<ELU>] {
    [
      OpExample(ELU(), [2, 3, 4, 2]), OpExample(ELU(alpha: 0.5), [3, 5]),
      OpExample(ELU(alpha: 1.6732632, scale: 1.050701), [2, 6]),
    ]
  }

  /// Refuses an alpha outside 0...1000 and a scale outside 1e-6...1000.
  public func validate() throws(ShapeError) {
    guard alpha >= 0, alpha <= 1000, scale >= 1e-6, scale <= 1000 else {
      throw .invalidSetting(
        op: kind, reason: "alpha \(alpha), scale \(scale): expected 0...1000 and 1e-6...1000")
    }
  }

  /// `scale · x` for x > 0, else `scale · alpha · (eˣ - 1)`.
  public func value(_ x: Float) -> Float {
    x > 0 ? scale * x : Float(Double(scale) * Double(alpha) * expm1(Double(x)))
  }
  /// `scale` for x > 0, else `y + scale · alpha`.
  public func derivative(at x: Float, output y: Float) -> Float { x > 0 ? scale : y + scale * alpha }
}
