public import Graphs
public import Settings
public import Tensors

/// A loss that compares the angles of every two items of a batch, seen from a third, in two values.
///
/// **Formula**: `loss = 1/N³ · Σ_kij h(⟨e_x[k,i], e_x[k,j]⟩ - ⟨e_y[k,i], e_y[k,j]⟩)` with
/// `e_v[k,i] = (v[i] - v[k])/‖v[i] - v[k]‖₂` over all elements of an item (0 for equal items), and
/// `h(t) = t²/2` for `|t| < 1`, else `|t| - ½`.
///
/// **Shapes**: `x [N, …]`, `y [N, …]`; loss `[N]`, that of the batch.
///
/// **Gradient**: with g the derivative of h over N³, by e_x `f[k,i] = 2·Σ_j g[k,i,j]·e_x[k,j]`. By the
/// difference `x[i] - x[k]`, it is the part of f that is orthogonal to e_x[k,i], divided by the distance; it
/// is added to x[i] and subtracted from x[k]. The gradient by y is the same with x and y exchanged.
///
/// It takes N³ products of whole items, with memory for one k at a time. It is made for features, not for
/// maps.
///
/// **Throws**: `ShapeError` for values with different numbers of items.
///
/// **Paper**: Park, Kim, Lu, Cho, "Relational knowledge distillation", CVPR 2019, arXiv:1904.05068.
public struct TripletAngle: BatchLoss {
  /// The name of the kind, which no file holds: `triplet-angle`.
  public static let kind = "triplet-angle"

  /// Makes a loss.
  public init() {}

  /// No settings.
  public static var settings: [Setting<TripletAngle>] { [] }

  /// Small cases that the laws of ops run.
  public static var examples: [OpExample<TripletAngle>] {
    [
      OpExample(TripletAngle(), [4, 3], [4, 5]),
      OpExample(TripletAngle(), [3, 2, 2, 2], [3, 1, 2, 3]),
    ]
  }

  /// The shape `[N]`; throws for values with different numbers of items.
  public func outputShape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try outputShape(ofBatches: inputs)
  }

  /// The working memory for one item k.
  ///
  /// It holds directions and distances of both values seen from k, the derivatives by the cosines, and the
  /// gradient by one direction.
  public func scratchCount(_ batch: LossBatch) -> Int {
    let widths = batch.predictionCount + batch.targetCount
    return batch.count * (widths + 2 + batch.count) + max(batch.predictionCount, batch.targetCount)
  }

  /// Sums the differences of cosines, one item k after another; pairs of different items count twice.
  public func loss(
    of prediction: Span<Float>, _ target: Span<Float>, _ batch: LossBatch, scratch: inout MutableSpan<Float>
  ) -> Float {
    let (x, y) = Self.sides(batch)
    var sum = 0.0
    for k in 0..<batch.count {
      Self.writeDirections(prediction, x, from: k, into: &scratch)
      Self.writeDirections(target, y, from: k, into: &scratch)
      for i in 0..<batch.count {
        for j in 0...i {
          let cosines = (Self.cosine(x, i, j, scratch.span), Self.cosine(y, i, j, scratch.span))
          sum += (i == j ? 1 : 2) * SmoothDifference.of(cosines.0, cosines.1).value
        }
      }
    }
    return Float(sum / Double(batch.count * batch.count * batch.count))
  }

  /// Adds up the gradients of the angles seen from each item k.
  public func writeGradients(
    of prediction: Span<Float>, _ target: Span<Float>, _ batch: LossBatch, scale: Float,
    scratch: inout MutableSpan<Float>, byPrediction: inout MutableSpan<Float>,
    byTarget: inout MutableSpan<Float>
  ) {
    let (x, y) = Self.sides(batch)
    for i in 0..<prediction.count { byPrediction[i] = 0 }
    for i in byTarget.indices { byTarget[i] = 0 }
    let factor = 2 * scale / Float(batch.count * batch.count * batch.count)
    for k in 0..<batch.count {
      Self.writeDirections(prediction, x, from: k, into: &scratch)
      Self.writeDirections(target, y, from: k, into: &scratch)
      for i in 0..<batch.count {
        for j in 0...i {
          let cosines = (Self.cosine(x, i, j, scratch.span), Self.cosine(y, i, j, scratch.span))
          let slope = factor * SmoothDifference.of(cosines.0, cosines.1).byX
          scratch[x.slopes + i * batch.count + j] = slope
          scratch[x.slopes + j * batch.count + i] = slope
        }
      }
      Self.addGradient(x, from: k, 1, scratch: &scratch, to: &byPrediction)
      if !byTarget.isEmpty { Self.addGradient(y, from: k, -1, scratch: &scratch, to: &byTarget) }
    }
  }

  /// One of the two values, and the places of its data in the working memory.
  private struct Side {
    let items: Int
    let width: Int
    var directions = 0
    var distances = 0
    var slopes = 0
    var direction = 0
  }

  private static func sides(_ batch: LossBatch) -> (Side, Side) {
    var x = Side(items: batch.count, width: batch.predictionCount)
    var y = Side(items: batch.count, width: batch.targetCount)
    x.distances = batch.count * x.width
    y.directions = x.distances + batch.count
    y.distances = y.directions + batch.count * y.width
    x.slopes = y.distances + batch.count
    x.direction = x.slopes + batch.count * batch.count
    (y.slopes, y.direction) = (x.slopes, x.direction)
    return (x, y)
  }

  private static func writeDirections(
    _ values: Span<Float>, _ side: Side, from k: Int, into scratch: inout MutableSpan<Float>
  ) {
    let width = side.width
    for i in 0..<side.items {
      let distance = SpanSums.squaredDistance(values, i * width, values, k * width, width).squareRoot()
      scratch[side.distances + i] = distance
      let factor = distance == 0 ? 0 : 1 / distance
      for c in 0..<width {
        scratch[side.directions + i * width + c] = factor * (values[i * width + c] - values[k * width + c])
      }
    }
  }

  private static func cosine(_ side: Side, _ i: Int, _ j: Int, _ scratch: Span<Float>) -> Float {
    SpanSums.dot(
      scratch, side.directions + i * side.width, scratch, side.directions + j * side.width, side.width)
  }

  /// Adds the gradient, by a value, of the angles seen from item k.
  private static func addGradient(
    _ side: Side, from k: Int, _ sign: Float, scratch: inout MutableSpan<Float>,
    to gradient: inout MutableSpan<Float>
  ) {
    let (width, place) = (side.width, side.direction)
    for i in 0..<side.items where scratch[side.distances + i] != 0 {
      let own = side.directions + i * width
      for c in place..<place + width { scratch[c] = 0 }
      for j in 0..<side.items {
        SpanSums.add(
          sign * scratch[side.slopes + i * side.items + j], from: side.directions + j * width, to: place,
          width,
          in: &scratch)
      }
      let along = SpanSums.dot(scratch.span, place, scratch.span, own, width)
      SpanSums.add(-along, from: own, to: place, width, in: &scratch)
      let factor = 1 / scratch[side.distances + i]
      SpanSums.add(factor, scratch.span, place, to: &gradient, i * width, width)
      SpanSums.add(-factor, scratch.span, place, to: &gradient, k * width, width)
    }
  }
}
