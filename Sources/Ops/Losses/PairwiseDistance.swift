public import Graphs
public import Settings
import Tensors

/// How differently two values say how far the items of a batch are from one another, in units of their mean distance.
///
/// **Formula**: `loss = 1/N² · Σ_ij h(d_x[i,j]/μ_x - d_y[i,j]/μ_y)` with `d_v[i,j] = ‖v[i] - v[j]‖₂` over all elements of an item, μ the mean
/// of the distances above 0 and h half the square below 1, `|·| - ½` above.
///
/// **Shapes**: `x [N, …]`, `y [N, …]`, loss `[N]`: that of the batch.
///
/// **Gradient**: with g that by `d/μ` and M the number of distances above 0: by d `f[i,j] = (g[i,j] - Σ g·d/(M·μ))/μ`, by x
/// `Σ_j (f[i,j] + f[j,i])·(x[i] - x[j])/d[i,j]`; nothing from items that are equal. That by y is the same with both exchanged.
///
/// **Throws**: `ShapeError` for values of unequally many items.
///
/// **Paper**: Park, Kim, Lu, Cho, "Relational knowledge distillation", CVPR 2019, arXiv:1904.05068.
public struct PairwiseDistance: RelationLoss {
  public static let kind = "pairwise-distance"
  /// Squared distances up to it are none, as in the authors' code.
  private static let epsilon: Float = 1e-12

  /// Makes a loss.
  public init() {}

  public static var settings: [Setting<PairwiseDistance>] { [] }

  public static var examples: [OpExample<PairwiseDistance>] {
    [
      OpExample(PairwiseDistance(), [4, 3], [4, 5]),
      OpExample(PairwiseDistance(), [3, 2, 2, 2], [3, 1, 2, 3]),
    ]
  }

  public func relationCount(_ side: RelationSide) -> Int { side.items * side.items }
  /// The mean distance, and how many are above 0.
  public func roomCount(_ side: RelationSide) -> Int { 2 }
  public func factor(_ side: RelationSide) -> Double { 1 / Double(side.items * side.items) }

  public func difference(_ x: Float, _ y: Float) -> (value: Double, byX: Float, byY: Float) {
    SmoothDifference.of(x, y)
  }

  public func writeRelation(
    of values: Span<Float>, _ side: RelationSide, into scratch: inout MutableSpan<Float>
  ) {
    let (items, width) = (side.items, side.width)
    var (sum, count) = (0.0, 0)
    for i in 0..<items {
      scratch[side.relation + i * items + i] = 0
      for j in 0..<i {
        let square = SpanSums.squaredDistance(values, i * width, values, j * width, width)
        let distance = square <= Self.epsilon ? 0 : square.squareRoot()
        scratch[side.relation + i * items + j] = distance
        scratch[side.relation + j * items + i] = distance
        if distance != 0 { (sum, count) = (sum + 2 * Double(distance), count + 2) }
      }
    }
    let mean = count == 0 ? 1 : sum / Double(count)
    (scratch[side.room], scratch[side.room + 1]) = (Float(mean), Float(count))
    for i in side.relation..<side.relation + items * items { scratch[i] /= Float(mean) }
  }

  public func writeGradient(
    of values: Span<Float>, _ side: RelationSide, scratch: inout MutableSpan<Float>,
    into gradient: inout MutableSpan<Float>
  ) {
    let (items, width) = (side.items, side.width)
    let (mean, count) = (scratch[side.room], scratch[side.room + 1])
    var along = 0.0
    for i in 0..<items * items {
      along += Double(scratch[side.gradient + i]) * Double(scratch[side.relation + i])
    }
    let level = count == 0 ? 0 : Float(along / Double(count))
    for i in 0..<items * width { gradient[i] = 0 }
    for i in 0..<items {
      for j in 0..<items where scratch[side.relation + i * items + j] != 0 {
        let slopes = scratch[side.gradient + i * items + j] + scratch[side.gradient + j * items + i]
        let distance = scratch[side.relation + i * items + j] * mean
        let factor = (slopes - 2 * level) / (mean * distance)
        SpanSums.add(factor, values, i * width, to: &gradient, i * width, width)
        SpanSums.add(-factor, values, j * width, to: &gradient, i * width, width)
      }
    }
  }
}
