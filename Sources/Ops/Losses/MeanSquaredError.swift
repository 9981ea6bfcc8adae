public import Graphs
public import Settings
public import Tensors

/// The mean squared error.
///
/// **Formula**: `loss[n] = 1/E · Σ_i (x[n,i] - y[n,i])²`, where E is the number of elements of an item.
///
/// **Shapes**: `x, y [N, …]`, equal; loss `[N]`.
///
/// **Gradient**: `dx = 2/E · (x - y)`, `dy = -dx`.
///
/// **Throws**: `ShapeError` for unequal shapes.
public struct MeanSquaredError: Loss {
  /// The name of the kind, which no file holds: `mean-squared-error`.
  public static let kind = "mean-squared-error"

  /// Makes a loss.
  public init() {}

  /// No settings.
  public static var settings: [Setting<MeanSquaredError>] { [] }

  /// Small cases that the laws of ops run.
  public static var examples: [OpExample<MeanSquaredError>] {
    [
      OpExample(MeanSquaredError(), [2, 3, 2, 2], [2, 3, 2, 2]),
      OpExample(MeanSquaredError(), [3, 4], [3, 4]),
    ]
  }

  /// The shape `[N]`; throws for unequal shapes.
  public func outputShape(_ inputs: [Shape]) throws(ShapeError) -> Shape { try outputShape(ofEqual: inputs) }

  /// Averages the squared differences, with a sum in double precision.
  public func loss(
    of prediction: Span<Float>, _ target: Span<Float>, _ item: LossItem, scratch: inout MutableSpan<Float>
  ) -> Float {
    var sum = 0.0
    for i in prediction.indices {
      let difference = Double(prediction[i]) - Double(target[i])
      sum += difference * difference
    }
    return Float(sum / Double(prediction.count))
  }

  /// Writes `2/E · (x - y)` for the prediction, and the opposite for the target.
  public func writeGradients(
    of prediction: Span<Float>, _ target: Span<Float>, _ item: LossItem, scale: Float,
    scratch: inout MutableSpan<Float>, byPrediction: inout MutableSpan<Float>,
    byTarget: inout MutableSpan<Float>
  ) {
    let factor = 2 * scale / Float(prediction.count)
    let (own, other) = (item.predictionRange.lowerBound, item.targetRange.lowerBound)
    for i in prediction.indices { byPrediction[own + i] = factor * (prediction[i] - target[i]) }
    guard !byTarget.isEmpty else { return }
    for i in target.indices { byTarget[other + i] = factor * (target[i] - prediction[i]) }
  }
}
