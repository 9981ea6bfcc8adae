public import Graphs
public import Settings
public import Tensors

/// How many of a value's numbers lie on the wrong side of zero, or too near to it: what a rectifier behind it lets through.
///
/// **Formula**: `loss[n] = Σ_i (x[n,i] + m)²·[x > -m and y ≤ 0] + (x[n,i] - m)²·[x ≤ m and y > 0]`, m being the margin.
///
/// **Shapes**: the student's value before its rectifier `x [N, …]`, the teacher's before its own `y [N, …]`, equal; loss `[N]`.
///
/// **Gradient**: `dx = 2·(x + m)` and `2·(x - m)` where the brackets hold, else 0; y only says which holds, `dy = 0`.
///
/// **Settings**: margin.
///
/// **Throws**: `ShapeError` for unequal shapes.
///
/// **Paper**: Heo, Lee, Yun, Choi, "Knowledge transfer via distillation of activation boundaries formed by hidden neurons", AAAI 2019,
/// arXiv:1811.03233.
public struct ActivationBoundary: Loss {
  public static let kind = "activation-boundary"

  /// How far from zero the student's numbers should lie.
  public var margin: Float = 1

  /// A margin of 1.
  public init() {}

  /// Makes a loss.
  public init(margin: Float) { self.margin = margin }

  public static var settings: [Setting<ActivationBoundary>] {
    [Setting("margin", \.margin, in: 0...1000, "how far from zero the student's numbers should lie")]
  }

  public static var examples: [OpExample<ActivationBoundary>] {
    // Margins between the numbers that gradients are tried with: the second derivative jumps at them.
    [
      OpExample(ActivationBoundary(margin: 1.2), [2, 3, 2, 2], [2, 3, 2, 2]),
      OpExample(ActivationBoundary(margin: 0.6), [3, 4], [3, 4]),
    ]
  }

  public func validate() throws(ShapeError) {
    guard margin >= 0, margin <= 1000 else {
      throw .invalidSetting(op: kind, reason: "margin \(margin) is outside 0...1000")
    }
  }

  public func outputShape(_ inputs: [Shape]) throws(ShapeError) -> Shape { try outputShape(ofEqual: inputs) }

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

  /// How far a number is from where it should be: beyond the margin on the side of the teacher's. Not a number where one of both is none.
  private func excess(_ found: Float, _ wanted: Float) -> Float {
    guard !wanted.isNaN else { return .nan }
    if wanted > 0 { return found > margin ? 0 : found - margin }
    return found <= -margin ? 0 : found + margin
  }
}
