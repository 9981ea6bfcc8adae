public import Settings
import Tensors

/// Scores units by the size of their weights: absolute values, Euclidean norms of larger units.
public struct Magnitude: Saliency {
  /// The name in recipes: `magnitude`.
  public static let name = "magnitude"
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "absolute value of a weight, Euclidean norm of a larger unit",
    description: """
      A small weight changes its layer's output little, as long as all inputs are of similar size. A unit of several \
      weights has the Euclidean norm of its weights, a channel that of the filters that make it in all layers of its \
      group. Single weights are compared across layers by their scores as they are; scores of larger units are \
      divided by the mean score of their layer first.
      """,
    formula: "score = sqrt(sum of w^2 over the unit); of one weight |w|",
    paper: """
      Han, Pool, Tran, Dally, "Learning both weights and connections for efficient neural networks", 2015, \
      arXiv:1506.02626; norms of filters: He, Kang, Dong, Fu, Yang, "Soft filter pruning", 2018, arXiv:1808.06866
      """)

  /// Creates it; there are no settings.
  public init() {}

  /// There are no settings.
  public static var settings: [Setting<Magnitude>] { [] }

  /// √Σ w² over each unit, over the filters that make it for a channel.
  public func scores(
    of sets: [UnitSet], _ context: inout SaliencyContext
  ) throws -> [[Double]] {
    let weights = context.weights(of: sets, .making)
    return sets.map { set in
      // The square of a float is exact in 64 bits, and so is its root: a single weight scores its absolute
      // value.
      set.sums(.making) { name in
        weights[name].map { weight in { Double(weight.values[$0]) * Double(weight.values[$0]) } }
      }.map { $0.squareRoot() }
    }
  }
}
