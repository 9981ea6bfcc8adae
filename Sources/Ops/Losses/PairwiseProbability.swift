import Foundation
public import Graphs
public import Settings
import Tensors

/// The divergence of two values' probabilities that items of a batch are neighbours.
///
/// **Formula**: `loss = 1/N² · Σ_ij q[i,j] · log((q[i,j] + ε)/(p[i,j] + ε))` with
/// `p[i,j] = s[i,j]/Σ_k s[i,k]` and `s = (c + 1)/2`, where c is the cosine of items i and j of x over all
/// their elements, with ε = 1e-7 added to lengths; q is the same of y.
///
/// **Shapes**: the student's value `x [N, …]`, the teacher's `y [N, …]`; loss `[N]`, that of the batch.
///
/// **Gradient**: with g the gradient by p, by the cosines
/// `h[i,j] = (g[i,j] - Σ_k g[i,k]·p[i,k]) / (2·Σ_k s[i,k])`, by items of length 1
/// `Σ_j (h[i,j] + h[j,i])·x̂[j]`, and by x the part of this that is orthogonal to x̂[i], divided by the
/// item's length. The gradient by y follows in the same way.
///
/// **Throws**: `ShapeError` for values with different numbers of items.
///
/// **Paper**: Passalis, Tefas, "Learning deep representations with probabilistic knowledge transfer", ECCV
/// 2018, arXiv:1803.10837.
public struct PairwiseProbability: RelationLoss {
  /// The name of the kind, which no file holds: `pairwise-probability`.
  public static let kind = "pairwise-probability"
  private static let epsilon: Float = 1e-7

  /// Makes a loss.
  public init() {}

  /// No settings.
  public static var settings: [Setting<PairwiseProbability>] { [] }

  /// Small cases that the laws of ops run.
  public static var examples: [OpExample<PairwiseProbability>] {
    [
      OpExample(PairwiseProbability(), [4, 3], [4, 5]),
      OpExample(PairwiseProbability(), [3, 2, 2, 2], [3, 1, 2, 3]),
    ]
  }

  /// N² probabilities.
  public func relationCount(_ side: RelationSide) -> Int { side.items * side.items }
  /// The sums of rows, and the inverse lengths of items.
  public func roomCount(_ side: RelationSide) -> Int { 2 * side.items }
  /// `1/N²`.
  public func factor(_ side: RelationSide) -> Double { 1 / Double(side.items * side.items) }

  /// `y · log((y + ε)/(x + ε))` and its derivatives.
  public func difference(_ x: Float, _ y: Float) -> (value: Double, byX: Float, byY: Float) {
    let (found, wanted) = (Double(x + Self.epsilon), Double(y + Self.epsilon))
    let ratio = log(wanted / found)
    return (Double(y) * ratio, Float(-Double(y) / found), Float(ratio + Double(y) / wanted))
  }

  /// Writes the cosines, maps them to 0…1, and divides each row by its sum.
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

  /// Carries the gradient through the division of rows and the cosines to the items.
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
