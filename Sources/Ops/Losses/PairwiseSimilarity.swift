public import Graphs
public import Settings
import Tensors

/// A loss that compares the similarities of the items of a batch in two values.
///
/// **Formula**: `loss = 1/N² · Σ_ij (S_x[i,j] - S_y[i,j])²` with `S_v[i,j] = G[i,j] / ‖G[i,·]‖₂` and
/// `G[i,j] = ⟨v[i], v[j]⟩` over all elements of an item; a row of zeros stays zero.
///
/// **Shapes**: `x [N, …]`, `y [N, …]`; loss `[N]`, that of the batch.
///
/// **Gradient**: with `g = 2/N²·(S_x - S_y)`, by G `h[i,j] = (g[i,j] - S_x[i,j]·⟨g[i], S_x[i]⟩)/‖G[i,·]‖`,
/// and by x `Σ_j (h[i,j] + h[j,i])·x[j]`. The gradient by y is the same with x and y exchanged.
///
/// **Throws**: `ShapeError` for values with different numbers of items.
///
/// **Paper**: Tung, Mori, "Similarity-preserving knowledge distillation", ICCV 2019, arXiv:1907.09682.
public struct PairwiseSimilarity: RelationLoss {
  /// The name of the kind, which no file holds: `pairwise-similarity`.
  public static let kind = "pairwise-similarity"

  /// Makes a loss.
  public init() {}

  /// No settings.
  public static var settings: [Setting<PairwiseSimilarity>] { [] }

  /// Small cases that the laws of ops run.
  public static var examples: [OpExample<PairwiseSimilarity>] {
    [
      OpExample(PairwiseSimilarity(), [4, 3], [4, 5]),
      OpExample(PairwiseSimilarity(), [3, 2, 2, 2], [3, 1, 2, 3]),
    ]
  }

  /// N² similarities.
  public func relationCount(_ side: RelationSide) -> Int { side.items * side.items }
  /// The lengths of the rows.
  public func roomCount(_ side: RelationSide) -> Int { side.items }
  /// `1/N²`.
  public func factor(_ side: RelationSide) -> Double { 1 / Double(side.items * side.items) }

  /// The squared difference of two similarities.
  public func difference(_ x: Float, _ y: Float) -> (value: Double, byX: Float, byY: Float) {
    SquaredDifference.of(x, y)
  }

  /// Writes the products of all items, and divides each row by its length.
  public func writeRelation(
    of values: Span<Float>, _ side: RelationSide, into scratch: inout MutableSpan<Float>
  ) {
    Pairs.writeProducts(of: values, side, into: &scratch, at: side.relation)
    for i in 0..<side.items {
      let row = side.relation + i * side.items
      let norm = SpanSums.dot(scratch.span, row, scratch.span, row, side.items).squareRoot()
      scratch[side.room + i] = norm
      guard !(norm == 0) else { continue }
      for j in row..<row + side.items { scratch[j] /= norm }
    }
  }

  /// Carries the gradient through the division of rows and the products to the items.
  public func writeGradient(
    of values: Span<Float>, _ side: RelationSide, scratch: inout MutableSpan<Float>,
    into gradient: inout MutableSpan<Float>
  ) {
    for i in 0..<side.items {
      let (row, slopes) = (side.relation + i * side.items, side.gradient + i * side.items)
      let norm = scratch[side.room + i]
      let along = SpanSums.dot(scratch.span, row, scratch.span, slopes, side.items)
      for j in 0..<side.items {
        let slope = scratch[slopes + j] - along * scratch[row + j]
        scratch[slopes + j] = norm == 0 ? 0 : slope / norm
      }
    }
    Pairs.writeGradient(of: values, side, slopes: side.gradient, scratch.span, into: &gradient)
  }
}
