public import Graphs
public import Settings
import Tensors

/// The rectifier with a small slope below zero.
///
/// **Formula**: `y = x` for x > 0, else `slope · x`
///
/// **Shapes**: `x, y [N, C, …]`.
///
/// **Gradient**: `dy` where x > 0, else `slope · dy`.
///
/// **Cost**: traffic only.
///
/// **Settings**: slope.
///
/// **Throws**: `ShapeError` for a slope outside 0...1.
///
/// **Paper**: Maas, Hannun, Ng, "Rectifier nonlinearities improve neural network acoustic models", ICML 2013.
public struct LeakyReLU: Activation {
  /// The name in files: `leaky-relu`.
  public static let kind = "leaky-relu"

  /// The slope below zero.
  public var slope: Float = 0.01

  /// A slope of 0.01.
  public init() {}

  /// Makes a leaky rectifier.
  public init(slope: Float) { self.slope = slope }

  /// Settings: `slope`.
  public static var settings: [Setting<LeakyReLU>] {
    [Setting("slope", \.slope, in: 0...1, "the slope below zero")]
  }

  /// Small cases that the laws of ops run.
  public static var examples: [OpExample<LeakyReLU>] {
    [OpExample(LeakyReLU(), [2, 3, 4, 2]), OpExample(LeakyReLU(slope: 0.2), [3, 5])]
  }

  /// Refuses a slope outside 0...1.
  public func validate() throws(ShapeError) {
    guard slope >= 0, slope <= 1 else {
      throw .invalidSetting(op: kind, reason: "slope \(slope) is outside 0...1")
    }
  }

  /// x for x > 0, else `slope · x`.
  public func value(_ x: Float) -> Float { x > 0 ? x : slope * x }
  /// 1 for x > 0, else `slope`.
  public func derivative(at x: Float, output y: Float) -> Float { x > 0 ? 1 : slope }
}
