public import Settings
import Tensors

/// The size of weights: absolute values, Euclidean norms of larger units.
public struct Magnitude: Saliency {
  public static let name = "magnitude"
  public static let documentation = MethodDocumentation(
    summary: "absolute weights, of larger units the Euclidean norm",
    description: """
      Small weights move their layer's output little, as long as what they multiply is alike. A unit of several weights \
      counts by its Euclidean norm, a channel by that of the filters that make it in all layers of its group. Single \
      weights are ranked across layers as they are, larger units over the mean of their layer.
      """,
    formula: "score = sqrt(sum of w^2 over the unit); of one weight |w|",
    paper: """
      Han, Pool, Tran, Dally, "Learning both weights and connections for efficient neural networks", 2015, \
      arXiv:1506.02626; norms of filters: He, Kang, Dong, Fu, Yang, "Soft filter pruning", 2018, arXiv:1808.06866
      """)

  /// The only way.
  public init() {}

  public static var settings: [Setting<Magnitude>] { [] }

  public func scores(
    of sets: [UnitSet], _ context: inout SaliencyContext
  ) throws -> [[Double]] {
    let weights = context.weights(of: sets, .making)
    return sets.map { set in
      // The square of a float and its root are exact, so a single weight's score is its absolute value.
      set.sums(.making) { name in
        weights[name].map { weight in { Double(weight.values[$0]) * Double(weight.values[$0]) } }
      }.map { $0.squareRoot() }
    }
  }
}
