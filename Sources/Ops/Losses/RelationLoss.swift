public import Graphs
public import Tensors

/// A loss of whole batches that makes the same relation of both values, such as how alike any two items are, and compares the two
/// relations element by element.
///
/// **Formula**: `loss = offset + factor · Σ_i d(R_x[i], R_y[i])`.
public protocol RelationLoss: BatchLoss {
  /// Elements of the relation of a value.
  func relationCount(_ side: RelationSide) -> Int
  /// Floats that `writeRelation` leaves behind the relation for `writeGradient`.
  func roomCount(_ side: RelationSide) -> Int
  /// Writes the relation of a value, from `side.relation` on.
  func writeRelation(of values: Span<Float>, _ side: RelationSide, into scratch: inout MutableSpan<Float>)
  /// How different two elements are, with the derivatives.
  func difference(_ x: Float, _ y: Float) -> (value: Double, byX: Float, byY: Float)
  /// What the sum of differences is multiplied by.
  func factor(_ side: RelationSide) -> Double
  /// What is added to it.
  var offset: Double { get }
  /// Writes the gradient by a value; that by its relation lies from `side.gradient` on, and may be overwritten.
  func writeGradient(
    of values: Span<Float>, _ side: RelationSide, scratch: inout MutableSpan<Float>,
    into gradient: inout MutableSpan<Float>)
}

/// One of the two values that are compared, and where in the scratch what belongs to it lies.
public struct RelationSide: Sendable, Equatable {
  /// Items of the batch.
  public let items: Int
  /// Elements of an item.
  public let width: Int
  /// Where its relation begins.
  public var relation = 0
  /// Where what is kept for the gradient begins.
  public var room = 0
  /// Where the gradient by the relation begins.
  public var gradient = 0
}

extension RelationLoss {
  public var offset: Double { 0 }

  public func outputShape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try outputShape(ofBatches: inputs)
  }

  public func scratchCount(_ batch: LossBatch) -> Int {
    let sides = sides(batch)
    return sides.x.gradient + relationCount(sides.x)
  }

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

  /// Both values, one behind the other in the scratch, and the gradient by a relation, which they share.
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
  /// Writes `Σ_k x[i,k]·x[j,k]`, from `place` on.
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

  /// Writes the gradient by the values, that by their products lying from `slopes` on; item i counts with the factor that lies at
  /// `factors` + i, or with 1.
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

  /// Writes the cosines of every two items, from `place` on, and what makes items as long as 1, `1/(length + epsilon)`, from
  /// `factors` on; 0 for an item of zeros.
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

  /// Writes the gradient by the values, that by their cosines lying from `slopes` on.
  static func writeCosineGradient(
    of x: Span<Float>, _ side: RelationSide, slopes: Int, factors: Int, _ scratch: Span<Float>,
    into gradient: inout MutableSpan<Float>
  ) {
    writeGradient(of: x, side, slopes: slopes, factors: factors, scratch, into: &gradient)
    let width = side.width
    for i in 0..<side.items {
      let (start, factor) = (i * width, scratch[factors + i])
      let squares = SpanSums.dot(x, start, x, start, width)
      // By an item as long as 1 to by the item: what points along it is gone, but for the epsilon.
      let along =
        squares == 0 ? 0 : SpanSums.dot(gradient.span, start, x, start, width) / squares.squareRoot()
      for k in start..<start + width { gradient[k] = factor * (gradient[k] - along * factor * x[k]) }
    }
  }
}

/// The square of a difference.
enum SquaredDifference {
  /// With the derivatives.
  static func of(_ x: Float, _ y: Float) -> (value: Double, byX: Float, byY: Float) {
    let difference = x - y
    return (Double(difference) * Double(difference), 2 * difference, -2 * difference)
  }
}

/// Half the square of a difference, which grows in a line from 1 on (smooth L1, Huber's with a bound of 1).
enum SmoothDifference {
  /// With the derivatives.
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
