public import Graphs
public import Settings
import Tensors

/// Prunes weights by chance: the control of the methods that choose.
public struct RandomPruning: WeightPruning {
  public static let name = "random-pruning"
  public static let revision = 1
  public static let documentation = MethodDocumentation(
    summary: "set random weights to zero: the control for methods that choose them",
    description: """
      Masks as many weights as magnitude pruning of the same sparsity would, drawn by chance. What another way of \
      choosing is worth is its distance from this one, at the same ratio, schedule and training.
      """,
    formula: "each weight draws u in [0, 1); the round(s·n) of n weights with the smallest u go",
    paper: """
      Blalock, Gonzalez Ortiz, Frankle, Guttag, "What is the state of neural network pruning?", 2020, arXiv:2003.03033
      """)

  /// How much, and when.
  public var amount = PruningAmount(sparsity: 0.8)

  /// Four of five weights at once.
  public init() {}

  /// As much as another method prunes.
  public init(amount: PruningAmount) { self.amount = amount }

  public static var settings: [Setting<RandomPruning>] { PruningAmount.settings(\.amount, of: "weights") }

  public func compress(_ compression: inout Compression<RandomPruning>) throws(MethodError) -> Rewrite {
    var pools = WeightPools()
    for (node, settings) in compression.layers {
      for (name, parameter) in compression.graph.prunableWeights(of: node) {
        let scores = parameter.value.values.map { _ in compression.random.uniform() }
        pools.add(
          PrunedWeight(name, scores: scores, kept: parameter.survivors), settings.amount,
          at: compression.progress)
      }
    }
    return try rewrite(pools.pruned(), compression)
  }
}
