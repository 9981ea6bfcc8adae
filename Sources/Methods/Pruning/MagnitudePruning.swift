public import Settings
public import Graphs
import Tensors

/// Prunes the smallest weights.
public struct MagnitudePruning: WeightPruning {
  public static let name = "magnitude-pruning"
  public static let revision = 1
  public static let documentation = MethodDocumentation(
    summary: "set the smallest weights to zero and keep them there",
    description: """
      Ranks the weights of convolutions and linear layers by magnitude, across the network or layer by layer, and masks \
      the smallest until the sparsity is reached; biases and norms are spared, and one weight of each tensor stays. What \
      is pruned once stays pruned, through training and through later stages. Instead of a sparsity, a threshold may be \
      given in standard deviations of each layer's weights, pruned ones counting as zero. The schedule prunes at once or \
      gradually. The file gets smaller; the time of dense kernels does not.
      """,
    formula: """
      keep w where |w| is above the round(s·n)-th smallest of n weights, or where |w| >= threshold·standard deviation of \
      the layer; cubic schedule: s(p) = sparsity + (initialSparsity - sparsity)·(1 - p)^3, and threshold·(1 - (1 - p)^3)
      """,
    paper: """
      Han, Pool, Tran, Dally, "Learning both weights and connections for efficient neural networks", 2015, \
      arXiv:1506.02626; schedule: Zhu, Gupta, "To prune, or not to prune", 2017, arXiv:1710.01878
      """)

  /// How much, and when.
  public var amount = PruningAmount(sparsity: 0.8)
  /// Prunes below this many standard deviations of each layer's weights, instead of to a sparsity.
  public var threshold: Double?

  /// Four of five weights at once, ranked across the network.
  public init() {}

  /// Prunes to a sparsity at once.
  public init(sparsity: Double, scope: PruningScope = .global) {
    amount.sparsity = sparsity
    amount.scope = scope
  }

  public static var settings: [Setting<MagnitudePruning>] {
    PruningAmount.settings(\.amount, of: "weights") + [
      Setting(
        "threshold", \.threshold, in: 0...10,
        "prunes below this many standard deviations of each layer's weights, instead of to a sparsity")
    ]
  }

  public var randomControl: (any CompressionMethod)? {
    threshold == nil ? RandomPruning(amount: amount) : nil
  }

  public func compress(_ compression: inout Compression<MagnitudePruning>) throws(MethodError) -> Rewrite {
    var pools = WeightPools()
    var weights: [PrunedWeight] = []
    for (node, settings) in compression.layers {
      for (name, parameter) in compression.graph.prunableWeights(of: node) {
        let values = parameter.projected.values
        var weight = PrunedWeight(name, scores: values.map(abs), kept: parameter.survivors)
        guard let threshold = settings.threshold else {
          pools.add(weight, settings.amount, at: compression.progress)
          continue
        }
        let factor = threshold * settings.amount.schedule.share(at: compression.progress)
        var ties = 0
        weight.prune(below: Float(factor * Self.standardDeviation(values)), ties: &ties)
        weights.append(weight)
      }
    }
    return try rewrite(weights + pools.pruned(), compression)
  }

  /// The standard deviation of all elements around their mean.
  static func standardDeviation(_ values: [Float]) -> Double {
    let count = Double(max(values.count, 1))
    let mean = values.reduce(0) { $0 + Double($1) } / count
    let variance = values.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / count
    return variance.squareRoot()
  }
}
