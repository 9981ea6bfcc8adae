public import Graphs
public import Settings
public import Tensors

/// The mean squared error of scores after their means are removed.
///
/// Scores that differ by one number for all classes are equal, as they are to a softmax.
///
/// **Formula**: `loss[n] = 1/C · Σ_c (d[n,c] - 1/C·Σ_k d[n,k])²` with `d = x - y`.
///
/// **Shapes**: the student's scores `x [N, C]`, the teacher's `y [N, C]`, loss `[N]`.
///
/// **Gradient**: `dx = 2/C · (d - mean(d))`, `dy = -dx`.
///
/// **Throws**: `ShapeError` for unequal shapes and for values that are not `[N, C]`.
///
/// **Paper**: Ba, Caruana, "Do deep nets really need to be deep?", NIPS 2014, arXiv:1312.6184; Kim et al.,
/// "Comparing Kullback-Leibler divergence and mean squared error loss in knowledge distillation", IJCAI 2021,
/// arXiv:2105.08919.
public struct CentredSquaredError: Loss {
  /// The name of the kind, which no file holds: `centred-squared-error`.
  public static let kind = "centred-squared-error"

  /// Makes a loss.
  public init() {}

  /// No settings.
  public static var settings: [Setting<CentredSquaredError>] { [] }

  /// Small cases that the laws of ops run.
  public static var examples: [OpExample<CentredSquaredError>] {
    [
      OpExample(CentredSquaredError(), [3, 4], [3, 4]),
      OpExample(CentredSquaredError(), [2, 7], [2, 7]),
    ]
  }

  /// The shape `[N]`; throws for unequal shapes and for values that are not `[N, C]`.
  public func outputShape(_ inputs: [Shape]) throws(ShapeError) -> Shape { try outputShape(ofScores: inputs) }

  /// Averages the squares of the differences less their mean.
  public func loss(
    of prediction: Span<Float>, _ target: Span<Float>, _ item: LossItem, scratch: inout MutableSpan<Float>
  ) -> Float {
    let level = Self.level(prediction, target)
    var sum = 0.0
    for i in prediction.indices {
      let difference = Double(prediction[i]) - Double(target[i]) - level
      sum += difference * difference
    }
    return Float(sum / Double(prediction.count))
  }

  /// Writes `2/C · (d - mean(d))` for the student, and the opposite for the teacher.
  public func writeGradients(
    of prediction: Span<Float>, _ target: Span<Float>, _ item: LossItem, scale: Float,
    scratch: inout MutableSpan<Float>, byPrediction: inout MutableSpan<Float>,
    byTarget: inout MutableSpan<Float>
  ) {
    let level = Self.level(prediction, target)
    let factor = 2 * Double(scale) / Double(prediction.count)
    let (own, other) = (item.predictionRange.lowerBound, item.targetRange.lowerBound)
    for i in prediction.indices {
      let slope = Float(factor * (Double(prediction[i]) - Double(target[i]) - level))
      byPrediction[own + i] = slope
      if !byTarget.isEmpty { byTarget[other + i] = -slope }
    }
  }

  /// The mean difference.
  private static func level(_ prediction: Span<Float>, _ target: Span<Float>) -> Double {
    var sum = 0.0
    for i in prediction.indices { sum += Double(prediction[i]) - Double(target[i]) }
    return sum / Double(prediction.count)
  }
}
