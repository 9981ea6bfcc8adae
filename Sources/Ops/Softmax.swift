import Foundation
public import Graphs
public import Settings
public import Tensors

/// Probabilities over the channels (axis 1), made from scores.
///
/// **Formula**: `y[n,c] = e^(x[n,c] - m) / Σ_k e^(x[n,k] - m)`, where m is the largest score of the item and
/// pixel.
///
/// **Shapes**: `x, y [N, C, …]`.
///
/// **Gradient**: `dx[n,c] = y[n,c] · (dy[n,c] - Σ_k dy[n,k]·y[n,k])`.
///
/// **Cost**: traffic only.
///
/// **Throws**: `ShapeError` when x has no channel axis.
///
/// **Paper**: Bridle, "Probabilistic interpretation of feedforward classification network outputs", 1990.
public struct Softmax: Op {
  /// The name in files: `softmax`.
  public static let kind = "softmax"
  /// Makes a softmax.
  public init() {}
  /// No settings.
  public static var settings: [Setting<Softmax>] { [] }
  /// Small cases that the laws of ops run.
  public static var examples: [OpExample<Softmax>] {
    [OpExample(Softmax(), [3, 5]), OpExample(Softmax(), [2, 3, 2, 2])]
  }

  /// The input's shape.
  public func outputShape(_ inputs: [Shape]) throws(ShapeError) -> Shape { try requireChannels(inputs) }

  /// Channels cannot be removed: the softmax sums over all of them.
  public func channels(_ inputs: [Shape]) -> ChannelRule {
    .fixed(reason: "softmax sums over all of them")
  }

  /// Computes the probabilities of each item and pixel in double precision.
  public func forward(_ frame: inout KernelFrame) {
    let x = frame.inputs[0].values
    var y = x
    for positions in Self.columns(frame.output.shape) {
      let largest = positions.reduce(-Float.infinity) { max($0, x[$1]) }
      let powers = positions.map { exp(Double(x[$0]) - Double(largest)) }
      let sum = powers.reduce(0, +)
      for (position, power) in zip(positions, powers) { y[position] = Float(power / sum) }
    }
    frame.output.values = y
  }

  /// Writes `y · (dy - Σ_k dy·y)` for each item and pixel.
  public func backward(_ frame: inout GradientFrame) {
    let y = frame.output.values
    let dy = frame.outputGradient.values
    var dx = y
    for positions in Self.columns(frame.output.shape) {
      let sum = positions.reduce(0.0) { $0 + Double(dy[$1]) * Double(y[$1]) }
      for position in positions { dx[position] = Float(Double(y[position]) * (Double(dy[position]) - sum)) }
    }
    frame.inputGradients[0].values = dx
  }

  /// The positions of the channels, for every item and pixel.
  private static func columns(_ shape: Shape) -> [StrideTo<Int>] {
    let plane = shape.spatialCount
    let item = shape[1] * plane
    return (0..<shape[0] * plane).map { index in
      let start = index / plane * item + index % plane
      return stride(from: start, to: index / plane * item + item, by: plane)
    }
  }
}
