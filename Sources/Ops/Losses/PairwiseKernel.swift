import Foundation
public import Graphs
public import Settings
import Tensors

/// A loss that compares the similarities of the items of a batch in two values, by a Gaussian kernel.
///
/// **Formula**: `loss = 1/N² · Σ_ij (K_x[i,j] - K_y[i,j])²` with
/// `K_v[i,j] = e^(-2γ) · Σ_{p=0…P} (2γ·c[i,j])^p / p!`, where c is the cosine of items i and j over all their
/// elements (0 for an item of zeros). K is the Taylor series of order P of `e^(-γ·‖v̂[i] - v̂[j]‖²)` for
/// items of length 1.
///
/// **Shapes**: `x [N, …]`, `y [N, …]`; loss `[N]`, that of the batch.
///
/// **Gradient**: by K `g = 2/N²·(K_x - K_y)`, by the cosines `h = g·2γ·e^(-2γ)·Σ_{p<P} (2γ·c)^p / p!`, by
/// items of length 1 `Σ_j (h[i,j] + h[j,i])·x̂[j]`, and by x the part of this that is orthogonal to x̂[i],
/// divided by the item's length. The gradient by y is the same with x and y exchanged.
///
/// **Settings**: gamma, order.
///
/// **Throws**: `ShapeError` for values with different numbers of items.
///
/// **Paper**: Peng et al., "Correlation congruence for knowledge distillation", ICCV 2019, arXiv:1904.01802.
public struct PairwiseKernel: RelationLoss {
  /// The name of the kind, which no file holds: `pairwise-kernel`.
  public static let kind = "pairwise-kernel"

  /// The factor γ of the squared distance: larger ones make the kernel fall faster.
  public var gamma: Float = 0.4
  /// The order of the series.
  public var order = 2

  /// The paper's kernel.
  public init() {}

  /// Makes a loss.
  public init(gamma: Float, order: Int) { (self.gamma, self.order) = (gamma, order) }

  /// Settings: `gamma`, `order`.
  public static var settings: [Setting<PairwiseKernel>] {
    [
      Setting("gamma", \.gamma, in: 0.01...10, "rate at which the kernel falls with the squared distance"),
      Setting("order", \.order, in: 1...16, "the order of the series that stands for the kernel"),
    ]
  }

  /// Small cases that the laws of ops run.
  public static var examples: [OpExample<PairwiseKernel>] {
    [
      OpExample(PairwiseKernel(gamma: 0.7, order: 3), [4, 3], [4, 5]),
      OpExample(PairwiseKernel(gamma: 0.3, order: 1), [3, 2, 2, 2], [3, 1, 2, 3]),
    ]
  }

  /// Refuses a gamma outside 0.01...10 and an order outside 1...16.
  public func validate() throws(ShapeError) {
    guard gamma >= 0.01, gamma <= 10, 1...16 ~= order else {
      throw .invalidSetting(op: kind, reason: "gamma \(gamma) or order \(order) is out of range")
    }
  }

  /// N² kernel values.
  public func relationCount(_ side: RelationSide) -> Int { side.items * side.items }
  /// The cosines, and the inverse lengths of items.
  public func roomCount(_ side: RelationSide) -> Int { side.items * side.items + side.items }
  /// `1/N²`.
  public func factor(_ side: RelationSide) -> Double { 1 / Double(side.items * side.items) }

  /// The squared difference of two kernel values.
  public func difference(_ x: Float, _ y: Float) -> (value: Double, byX: Float, byY: Float) {
    SquaredDifference.of(x, y)
  }

  /// Writes the cosines, and the series of each.
  public func writeRelation(
    of values: Span<Float>, _ side: RelationSide, into scratch: inout MutableSpan<Float>
  ) {
    let count = side.items * side.items
    Pairs.writeCosines(of: values, side, into: &scratch, at: side.room, factors: side.room + count)
    for i in 0..<count { scratch[side.relation + i] = Float(series(scratch[side.room + i], order)) }
  }

  /// Carries the gradient through the series and the cosines to the items.
  public func writeGradient(
    of values: Span<Float>, _ side: RelationSide, scratch: inout MutableSpan<Float>,
    into gradient: inout MutableSpan<Float>
  ) {
    let count = side.items * side.items
    for i in 0..<count {
      scratch[side.gradient + i] *= Float(2 * Double(gamma) * series(scratch[side.room + i], order - 1))
    }
    Pairs.writeCosineGradient(
      of: values, side, slopes: side.gradient, factors: side.room + count, scratch.span, into: &gradient)
  }

  /// `e^(-2γ) · Σ_{p=0…order} (2γ·c)^p / p!`.
  private func series(_ cosine: Float, _ order: Int) -> Double {
    let argument = 2 * Double(gamma) * Double(cosine)
    var (sum, term) = (1.0, 1.0)
    for p in 0..<order {
      term *= argument / Double(p + 1)
      sum += term
    }
    return exp(-2 * Double(gamma)) * sum
  }
}
