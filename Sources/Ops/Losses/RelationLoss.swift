public import Graphs
public import Tensors

/// A loss of batches that makes a relation of each value and compares the two, element by element.
///
/// A relation is, for example, the similarity of every two items.
///
/// **Formula**: `loss = offset + factor · Σ_i d(R_x[i], R_y[i])`.
public protocol RelationLoss: BatchLoss {
  /// The number of elements of a value's relation.
  func relationCount(_ side: RelationSide) -> Int
  /// The number of floats that `writeRelation` keeps for `writeGradient`, behind the relation.
  func roomCount(_ side: RelationSide) -> Int
  /// Writes the relation of a value, from `side.relation` on.
  func writeRelation(of values: Span<Float>, _ side: RelationSide, into scratch: inout MutableSpan<Float>)
  /// The difference of two elements, with its derivatives.
  func difference(_ x: Float, _ y: Float) -> (value: Double, byX: Float, byY: Float)
  /// The factor of the sum of differences.
  func factor(_ side: RelationSide) -> Double
  /// The number that is added to the product.
  var offset: Double { get }
  /// Writes the gradient by a value.
  ///
  /// The gradient by its relation begins at `side.gradient`, and may be overwritten.
  func writeGradient(
    of values: Span<Float>, _ side: RelationSide, scratch: inout MutableSpan<Float>,
    into gradient: inout MutableSpan<Float>)
}

/// One of the two values that are compared, and the places of its data in the working memory.
public struct RelationSide: Sendable, Equatable {
  /// The number of items in the batch.
  public let items: Int
  /// The number of elements of an item.
  public let width: Int
  /// The start of the value's relation.
  public var relation = 0
  /// The start of the floats that are kept for the gradient.
  public var room = 0
  /// The start of the gradient by the relation.
  public var gradient = 0
}

extension RelationLoss {
  /// 0, as in most such losses.
  public var offset: Double { 0 }

  /// The shape `[N]`; throws for values with different numbers of items.
  public func outputShape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try outputShape(ofBatches: inputs)
  }

  /// The relations and kept floats of both values, and one gradient by a relation.
  public func scratchCount(_ batch: LossBatch) -> Int {
    let sides = sides(batch)
    return sides.x.gradient + relationCount(sides.x)
  }

  /// Writes both relations, and sums the differences of their elements.
  public func loss(
    of prediction: Span<Float>, _ target: Span<Float>, _ batch: LossBatch, scratch: inout MutableSpan<Float>
  ) -> Float {
    let (x, y) = sides(batch)
    writeRelation(of: prediction, x, into: &scratch)
    writeRelation(of: target, y, into: &scratch)
    var sum = 0.0
    for i in 0..<relationCount(x) {
      sum += difference(scratch[x.relation + i], scratch[y.relation + i]).value
    }
    return Float(offset + factor(x) * sum)
  }

  /// Writes the gradient by each relation, and carries it to the value.
  public func writeGradients(
    of prediction: Span<Float>, _ target: Span<Float>, _ batch: LossBatch, scale: Float,
    scratch: inout MutableSpan<Float>, byPrediction: inout MutableSpan<Float>,
    byTarget: inout MutableSpan<Float>
  ) {
    let (x, y) = sides(batch)
    let factor = scale * Float(factor(x))
    for i in 0..<relationCount(x) {
      let slopes = difference(scratch[x.relation + i], scratch[y.relation + i])
      scratch[x.gradient + i] = factor * slopes.byX
    }
    writeGradient(of: prediction, x, scratch: &scratch, into: &byPrediction)
    guard !byTarget.isEmpty else { return }
    for i in 0..<relationCount(y) {
      let slopes = difference(scratch[x.relation + i], scratch[y.relation + i])
      scratch[y.gradient + i] = factor * slopes.byY
    }
    writeGradient(of: target, y, scratch: &scratch, into: &byTarget)
  }

  /// The places of both values, one after the other, and of the gradient by a relation, which they share.
  private func sides(_ batch: LossBatch) -> (x: RelationSide, y: RelationSide) {
    var x = RelationSide(items: batch.count, width: batch.predictionCount)
    var y = RelationSide(items: batch.count, width: batch.targetCount)
    x.room = relationCount(x)
    y.relation = x.room + roomCount(x)
    y.room = y.relation + relationCount(y)
    (x.gradient, y.gradient) = (y.room + roomCount(y), y.room + roomCount(y))
    return (x, y)
  }
}

/// Products and cosines of every two items of a batch, `[N, N]`.
enum Pairs {
  /// Writes `Σ_k x[i,k]·x[j,k]` from `place` on.
  static func writeProducts(
    of x: Span<Float>, _ side: RelationSide, into scratch: inout MutableSpan<Float>, at place: Int
  ) {
    for i in 0..<side.items {
      for j in 0...i {
        let product = SpanSums.dot(x, i * side.width, x, j * side.width, side.width)
        scratch[place + i * side.items + j] = product
        scratch[place + j * side.items + i] = product
      }
    }
  }

  /// Writes the gradient by the values; the gradient by their products begins at `slopes`.
  ///
  /// Item i counts with the factor at `factors` + i, or with 1.
  static func writeGradient(
    of x: Span<Float>, _ side: RelationSide, slopes: Int, factors: Int? = nil, _ scratch: Span<Float>,
    into gradient: inout MutableSpan<Float>
  ) {
    for i in 0..<side.items * side.width { gradient[i] = 0 }
    for i in 0..<side.items {
      for j in 0..<side.items {
        let slope = scratch[slopes + i * side.items + j] + scratch[slopes + j * side.items + i]
        let factor = factors.map { scratch[$0 + j] } ?? 1
        if !(slope == 0) {
          SpanSums.add(slope * factor, x, j * side.width, to: &gradient, i * side.width, side.width)
        }
      }
    }
  }

  /// Writes the cosines of every two items from `place` on, and `1/(length + epsilon)` of items from
  /// `factors` on.
  ///
  /// Both are 0 for an item of zeros.
  static func writeCosines(
    of x: Span<Float>, _ side: RelationSide, epsilon: Float = 0, into scratch: inout MutableSpan<Float>,
    at place: Int, factors: Int
  ) {
    writeProducts(of: x, side, into: &scratch, at: place)
    for i in 0..<side.items {
      let length = scratch[place + i * side.items + i].squareRoot()
      scratch[factors + i] = length == 0 ? 0 : 1 / (length + epsilon)
    }
    for i in 0..<side.items {
      for j in 0..<side.items {
        scratch[place + i * side.items + j] *= scratch[factors + i] * scratch[factors + j]
      }
    }
  }

  /// Writes the gradient by the values; the gradient by their cosines begins at `slopes`.
  static func writeCosineGradient(
    of x: Span<Float>, _ side: RelationSide, slopes: Int, factors: Int, _ scratch: Span<Float>,
    into gradient: inout MutableSpan<Float>
  ) {
    writeGradient(of: x, side, slopes: slopes, factors: factors, scratch, into: &gradient)
    let width = side.width
    for i in 0..<side.items {
      let (start, factor) = (i * width, scratch[factors + i])
      let squares = SpanSums.dot(x, start, x, start, width)
      // From the gradient by an item of length 1 to that by the item: the part along the item goes, up to
      // epsilon.
      let along =
        squares == 0 ? 0 : SpanSums.dot(gradient.span, start, x, start, width) / squares.squareRoot()
      for k in start..<start + width { gradient[k] = factor * (gradient[k] - along * factor * x[k]) }
    }
  }
}

/// The square of a difference.
enum SquaredDifference {
  /// The value and its derivatives.
  static func of(_ x: Float, _ y: Float) -> (value: Double, byX: Float, byY: Float) {
    let difference = x - y
    return (Double(difference) * Double(difference), 2 * difference, -2 * difference)
  }
}

/// Half the square of a difference below 1, and linear above (smooth L1, or Huber's loss with a bound of 1).
enum SmoothDifference {
  /// The value and its derivatives.
  static func of(_ x: Float, _ y: Float) -> (value: Double, byX: Float, byY: Float) {
    let difference = x - y
    let size = abs(difference)
    guard !(size < 1) else {
      return (0.5 * Double(difference) * Double(difference), difference, -difference)
    }
    let sign: Float = difference < 0 ? -1 : 1
    return (Double(size) - 0.5, sign, -sign)
  }
}
