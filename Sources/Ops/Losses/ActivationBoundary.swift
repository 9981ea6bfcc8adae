public import Graphs
public import Settings
public import Tensors

/// The loss of a student's numbers before a rectifier that lie on another side of zero than the teacher's.
///
/// **Formula**: `loss[n] = Σ_i (x[n,i] + m)²·[x > -m and y ≤ 0] + (x[n,i] - m)²·[x ≤ m and y > 0]`, where m
/// is the margin.
///
/// **Shapes**: the student's value before its rectifier `x [N, …]`, the teacher's `y [N, …]` of the same
/// shape; loss `[N]`.
///
/// **Gradient**: `dx = 2·(x + m)` or `2·(x - m)` where the brackets hold, else 0; `dy = 0`, as y only decides
/// the brackets.
///
/// **Settings**: margin.
///
/// **Throws**: `ShapeError` for unequal shapes.
///
/// **Paper**: Heo, Lee, Yun, Choi, "Knowledge transfer via distillation of activation boundaries formed by
/// hidden neurons", AAAI 2019, arXiv:1811.03233.
public struct ActivationBoundary: Loss {
  /// The name of the kind, which no file holds: `activation-boundary`.
  public static let kind = "activation-boundary"

  /// The distance from zero that the student's numbers should reach.
  public var margin: Float = 1

  /// A margin of 1.
  public init() {}

  /// Makes a loss.
  public init(margin: Float) { self.margin = margin }

  /// Settings: `margin`.
  public static var settings: [Setting<ActivationBoundary>] {
    [Setting("margin", \.margin, in: 0...1000, "how far from zero the student's numbers should lie")]
  }

  /// Small cases that the laws of ops run.
  public static var examples: [OpExample<ActivationBoundary>] {
    // The second derivative jumps at the margins, so they lie between the numbers at which gradients are
    // checked.
    [
      OpExample(ActivationBoundary(margin: 1.2), [2, 3, 2, 2], [2, 3, 2, 2]),
      OpExample(ActivationBoundary(margin: 0.6), [3, 4], [3, 4]),
    ]
  }

  /// Refuses a margin outside 0...1000.
  public func validate() throws(ShapeError) {
    guard margin >= 0, margin <= 1000 else {
      throw .invalidSetting(op: kind, reason: "margin \(margin) is outside 0...1000")
    }
  }

  /// The shape `[N]`; throws for unequal shapes.
  public func outputShape(_ inputs: [Shape]) throws(ShapeError) -> Shape { try outputShape(ofEqual: inputs) }

  /// Sums the squares of the excess over all elements of an item.
  public func loss(
    of prediction: Span<Float>, _ target: Span<Float>, _ item: LossItem, scratch: inout MutableSpan<Float>
  ) -> Float {
    var sum = 0.0
    for i in prediction.indices {
      let excess = Double(excess(prediction[i], target[i]))
      sum += excess * excess
    }
    return Float(sum)
  }

  /// Writes `2 · scale · excess` for the student, and zeros for the teacher.
  public func writeGradients(
    of prediction: Span<Float>, _ target: Span<Float>, _ item: LossItem, scale: Float,
    scratch: inout MutableSpan<Float>, byPrediction: inout MutableSpan<Float>,
    byTarget: inout MutableSpan<Float>
  ) {
    let (own, other) = (item.predictionRange.lowerBound, item.targetRange.lowerBound)
    for i in prediction.indices {
      byPrediction[own + i] = 2 * scale * excess(prediction[i], target[i])
      if !byTarget.isEmpty { byTarget[other + i] = 0 }
    }
  }

  /// The difference between a number and the nearest one beyond the margin on the teacher's side.
  ///
  /// NaN if either number is NaN.
  private func excess(_ found: Float, _ wanted: Float) -> Float {
    guard !wanted.isNaN else { return .nan }
    if wanted > 0 { return found > margin ? 0 : found - margin }
    return found <= -margin ? 0 : found + margin
  }
}
