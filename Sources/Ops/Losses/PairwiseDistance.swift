public import Graphs
public import Settings
import Tensors

/// A loss that compares the distances among the items of a batch in two values, in units of each value's mean
/// distance.
///
/// **Formula**: `loss = 1/N² · Σ_ij h(d_x[i,j]/μ_x - d_y[i,j]/μ_y)` with `d_v[i,j] = ‖v[i] - v[j]‖₂` over all
/// elements of an item, μ the mean of the distances above 0, and `h(t) = t²/2` for `|t| < 1`, else `|t| - ½`.
///
/// **Shapes**: `x [N, …]`, `y [N, …]`; loss `[N]`, that of the batch.
///
/// **Gradient**: with g the gradient by `d/μ` and M the number of distances above 0, by d
/// `f[i,j] = (g[i,j] - Σ g·d/(M·μ))/μ`, and by x `Σ_j (f[i,j] + f[j,i])·(x[i] - x[j])/d[i,j]`; equal items
/// add nothing. The gradient by y is the same with x and y exchanged.
///
/// **Throws**: `ShapeError` for values with different numbers of items.
///
/// **Paper**: Park, Kim, Lu, Cho, "Relational knowledge distillation", CVPR 2019, arXiv:1904.05068.
public struct PairwiseDistance: RelationLoss {
  /// The name of the kind, which no file holds: `pairwise-distance`.
  public static let kind = "pairwise-distance"
  /// The largest squared distance that counts as 0, as in the authors' code.
  private static let epsilon: Float = 1e-12

  /// Makes a loss.
  public init() {}

  /// No settings.
  public static var settings: [Setting<PairwiseDistance>] { [] }

  /// Small cases that the laws of ops run.
  public static var examples: [OpExample<PairwiseDistance>] {
    [
      OpExample(PairwiseDistance(), [4, 3], [4, 5]),
      OpExample(PairwiseDistance(), [3, 2, 2, 2], [3, 1, 2, 3]),
    ]
  }

  /// N² distances.
  public func relationCount(_ side: RelationSide) -> Int { side.items * side.items }
  /// The mean distance, and the number of distances above 0.
  public func roomCount(_ side: RelationSide) -> Int { 2 }
  /// `1/N²`.
  public func factor(_ side: RelationSide) -> Double { 1 / Double(side.items * side.items) }

  /// The smooth L1 distance of two relative distances.
  public func difference(_ x: Float, _ y: Float) -> (value: Double, byX: Float, byY: Float) {
    SmoothDifference.of(x, y)
  }

  /// Writes all distances, divided by the mean of those above 0.
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

  /// Carries the gradient through the mean and the distances to the items.
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
