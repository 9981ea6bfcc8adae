import Foundation
public import Graphs
public import Settings
import Tensors

/// How far one value's probabilities that items of a batch are neighbours are from another's.
///
/// **Formula**: `loss = 1/N² · Σ_ij q[i,j] · log((q[i,j] + ε)/(p[i,j] + ε))` with `p[i,j] = s[i,j]/Σ_k s[i,k]`, `s = (c + 1)/2`, c the cosine of items
/// i and j of x over all their elements (lengths + ε, ε = 1e-7), and q the same of y.
///
/// **Shapes**: the student's value `x [N, …]`, the teacher's `y [N, …]`, loss `[N]`: that of the batch.
///
/// **Gradient**: with g that by p, by the cosines `h[i,j] = (g[i,j] - Σ_k g[i,k]·p[i,k]) / (2·Σ_k s[i,k])`, by items of length 1
/// `Σ_j (h[i,j] + h[j,i])·x̂[j]`, by x what of that is not along x̂[i], divided by the item's length; by y likewise.
///
/// **Throws**: `ShapeError` for values of unequally many items.
///
/// **Paper**: Passalis, Tefas, "Learning deep representations with probabilistic knowledge transfer", ECCV 2018, arXiv:1803.10837.
public struct PairwiseProbability: RelationLoss {
  public static let kind = "pairwise-probability"
  private static let epsilon: Float = 1e-7

  /// Makes a loss.
  public init() {}

  public static var settings: [Setting<PairwiseProbability>] { [] }

  public static var examples: [OpExample<PairwiseProbability>] {
    [
      OpExample(PairwiseProbability(), [4, 3], [4, 5]),
      OpExample(PairwiseProbability(), [3, 2, 2, 2], [3, 1, 2, 3]),
    ]
  }

  public func relationCount(_ side: RelationSide) -> Int { side.items * side.items }
  /// The sums of rows, and what makes items as long as 1.
  public func roomCount(_ side: RelationSide) -> Int { 2 * side.items }
  public func factor(_ side: RelationSide) -> Double { 1 / Double(side.items * side.items) }

  public func difference(_ x: Float, _ y: Float) -> (value: Double, byX: Float, byY: Float) {
    let (found, wanted) = (Double(x + Self.epsilon), Double(y + Self.epsilon))
    let ratio = log(wanted / found)
    return (Double(y) * ratio, Float(-Double(y) / found), Float(ratio + Double(y) / wanted))
  }

  public func writeRelation(
    of values: Span<Float>, _ side: RelationSide, into scratch: inout MutableSpan<Float>
  ) {
    let items = side.items
    Pairs.writeCosines(
      of: values, side, epsilon: Self.epsilon, into: &scratch, at: side.relation, factors: side.room + items)
    for i in 0..<items {
      let row = side.relation + i * items..<side.relation + (i + 1) * items
      var sum = 0.0
      for j in row {
        scratch[j] = (scratch[j] + 1) / 2
        sum += Double(scratch[j])
      }
      scratch[side.room + i] = Float(sum)
      for j in row { scratch[j] /= Float(sum) }
    }
  }

  public func writeGradient(
    of values: Span<Float>, _ side: RelationSide, scratch: inout MutableSpan<Float>,
    into gradient: inout MutableSpan<Float>
  ) {
    let items = side.items
    for i in 0..<items {
      let (row, slopes) = (side.relation + i * items, side.gradient + i * items)
      let along = SpanSums.dot(scratch.span, row, scratch.span, slopes, items)
      let factor = 1 / (2 * scratch[side.room + i])
      for j in 0..<items { scratch[slopes + j] = factor * (scratch[slopes + j] - along) }
    }
    Pairs.writeCosineGradient(
      of: values, side, slopes: side.gradient, factors: side.room + items, scratch.span, into: &gradient)
  }
}
