public import Graphs
public import Settings
public import Tensors

/// The smooth L1 loss of a detector's boxes, over the anchors that match an object.
///
/// **Formula**: `loss = 1/P · Σ_(a of a class above 0) Σ_i s(x[a,i] - y[a,1+i])` with `s(d) = d²/2` for
/// `|d| < 1`, else `|d| - ½`. P is the number of such anchors in the batch, at least 1.
///
/// **Shapes**: offsets `x [N, A·4]`; target `y [N, A·5]` with the class and the four offsets of each anchor;
/// loss `[N]`, that of the batch for each image.
///
/// **Gradient**: `dx = clamp(x - y, -1, 1)/P` and `dy = -dx`; the class has none.
///
/// **Throws**: `ShapeError` for values that are not `[N, A·4]` and `[N, A·5]`.
///
/// **Paper**: Liu et al., "SSD: single shot multibox detector", ECCV 2016, arXiv:1512.02325.
public struct AnchorBoxLoss: BatchLoss {
  /// The name of the kind, which no file holds: `anchor-box-loss`.
  public static let kind = "anchor-box-loss"

  /// Makes a loss.
  public init() {}
  /// No settings.
  public static var settings: [Setting<AnchorBoxLoss>] { [] }

  /// Small cases that the laws of ops run.
  public static var examples: [OpExample<AnchorBoxLoss>] {
    [OpExample(AnchorBoxLoss(), [2, 24], [2, 30]), OpExample(AnchorBoxLoss(), [1, 8], [1, 10])]
  }

  /// The shape `[N]`; throws for values that are not `[N, A·4]` and `[N, A·5]`.
  public func outputShape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try outputShape(ofAnchors: inputs) { $0 == 4 }
  }

  /// One float: the divisor of the batch's sum.
  public func scratchCount(_ batch: LossBatch) -> Int { 1 }

  /// Sums over the anchors of objects, and divides by their number.
  public func loss(
    of prediction: Span<Float>, _ target: Span<Float>, _ batch: LossBatch, scratch: inout MutableSpan<Float>
  ) -> Float {
    var (sum, things) = (0.0, 0)
    for row in 0..<batch.count * batch.anchors where Anchor.label(target, row, .max) > 0 {
      things += 1
      for i in 0..<4 {
        let difference = abs(Double(prediction[4 * row + i]) - Double(target[Anchor.count * row + 1 + i]))
        sum += difference < 1 ? difference * difference / 2 : difference - 0.5
      }
    }
    scratch[0] = Float(max(things, 1))
    return Float(sum / Double(max(things, 1)))
  }

  /// Writes the clamped differences for anchors of objects, and zeros for the others.
  public func writeGradients(
    of prediction: Span<Float>, _ target: Span<Float>, _ batch: LossBatch, scale: Float,
    scratch: inout MutableSpan<Float>, byPrediction: inout MutableSpan<Float>,
    byTarget: inout MutableSpan<Float>
  ) {
    let factor = scale / scratch[0]
    for i in byTarget.indices { byTarget[i] = 0 }
    for row in 0..<batch.count * batch.anchors {
      let isThing = Anchor.label(target, row, .max) > 0
      for i in 0..<4 {
        let (own, other) = (4 * row + i, Anchor.count * row + 1 + i)
        let slope = isThing ? factor * min(max(prediction[own] - target[other], -1), 1) : 0
        byPrediction[own] = slope
        if !byTarget.isEmpty { byTarget[other] = -slope }
      }
    }
  }
}
