public import Graphs
public import Settings
public import Tensors

/// Scores less their mean, in units of their standard deviation.
///
/// This keeps the relation among an item's classes, and drops the size of its scores.
///
/// **Formula**: `y[n,c] = (x[n,c] - m) / (s + 1e-7)`, where m is the mean of the item's C scores and
/// `s = √(Σ_c (x[n,c] - m)² / (C - 1))`.
///
/// **Shapes**: `x, y [N, C]`, C of 2 or more.
///
/// **Gradient**: with `u = x - m`, `d = s + 1e-7` and means over an item's classes,
/// `dx = (dy - mean(dy))/d - u·Σ_c dy[c]·u[c] / (d²·s·(C - 1))`; the second part is 0 where all scores are
/// equal.
///
/// **Throws**: `ShapeError` for values that are not `[N, C]`, and for one class.
///
/// **Paper**: Sun, Ren, Li, Wang, Cao, "Logit standardization in knowledge distillation", CVPR 2024,
/// arXiv:2403.01427; C - 1 and 1e-7 are those of the authors' implementation.
public struct StandardScore: ItemMap {
  /// The name of the kind, which no file holds: `standard-score`.
  public static let kind = "standard-score"
  private static let epsilon = 1e-7

  /// Makes the op.
  public init() {}

  /// No settings.
  public static var settings: [Setting<StandardScore>] { [] }

  /// Small cases that the laws of ops run.
  public static var examples: [OpExample<StandardScore>] {
    [OpExample(StandardScore(), [3, 4]), OpExample(StandardScore(), [2, 7])]
  }

  /// The input's shape; throws for values that are not `[N, C]`, and for one class.
  public func outputShape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try requireInputs(inputs, count: 1)
    guard inputs[0].rank == 2, inputs[0][1] > 1 else {
      throw .wrongRank(op: kind, expected: "[N, C], C of 2 or more", found: inputs[0])
    }
    return inputs[0]
  }

  /// Writes the standardized scores of an item.
  public func write(
    _ first: Span<Float>, _ second: Span<Float>, _ item: LossItem, into output: inout MutableSpan<Float>,
    at place: Int
  ) {
    let (mean, deviation) = Self.moments(first)
    for i in first.indices {
      output[place + i] = Float((Double(first[i]) - mean) / (deviation + Self.epsilon))
    }
  }

  /// Writes the gradient by an item's scores.
  public func writeGradients(
    _ first: Span<Float>, _ second: Span<Float>, _ item: LossItem, gradient: Span<Float>,
    byFirst: inout MutableSpan<Float>, bySecond: inout MutableSpan<Float>
  ) {
    let (mean, deviation) = Self.moments(first)
    let scale = deviation + Self.epsilon
    var (sum, along) = (0.0, 0.0)
    for i in first.indices {
      sum += Double(gradient[i])
      along += Double(gradient[i]) * (Double(first[i]) - mean)
    }
    let (level, count) = (sum / Double(first.count), Double(first.count - 1))
    let slope = deviation == 0 ? 0 : along / (scale * scale * deviation * count)
    let start = item.predictionRange.lowerBound
    for i in first.indices {
      byFirst[start + i] = Float((Double(gradient[i]) - level) / scale - (Double(first[i]) - mean) * slope)
    }
  }

  /// The mean and the standard deviation of some scores.
  private static func moments(_ scores: Span<Float>) -> (mean: Double, deviation: Double) {
    var sum = 0.0
    for i in scores.indices { sum += Double(scores[i]) }
    let mean = sum / Double(scores.count)
    var squares = 0.0
    for i in scores.indices { squares += (Double(scores[i]) - mean) * (Double(scores[i]) - mean) }
    return (mean, (squares / Double(scores.count - 1)).squareRoot())
  }
}
