public import Settings

/// Sets the smallest weights to zero and keeps them there.
public struct MagnitudePruning: WeightPruningMethod {
  /// The name in recipes: `magnitude-pruning`.
  public static let name = "magnitude-pruning"
  /// Changes when results change; part of a trial's address.
  public static let revision = 1
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "set the smallest weights to zero and keep them there",
    description: """
      Ranks the weights of convolutions and linear layers by magnitude, across the network or layer by layer, and \
      masks the smallest until the sparsity is reached. Biases and norms are not pruned, and one weight of each \
      tensor stays. A pruned weight stays pruned, through training and later stages. Instead of a sparsity, \
      `threshold` gives a limit in standard deviations of each layer's weights, pruned ones counted as zero. The \
      schedule prunes at once or gradually. It is weight-pruning with the criterion magnitude. The file gets \
      smaller; dense kernels do not get faster.
      """,
    formula: """
      keep w where |w| is above the round(s·n)-th smallest of n weights, or where |w| >= threshold·standard deviation of \
      the layer; schedules from i = initialSparsity to s = sparsity: cubic s + (i - s)·(1 - p)^3 and \
      threshold·(1 - (1 - p)^3), linear i + (s - i)·p and threshold·p, geometric 1 - (1 - i)·((1 - s)/(1 - i))^p
      """,
    paper: """
      Han, Pool, Tran, Dally, "Learning both weights and connections for efficient neural networks", 2015, \
      arXiv:1506.02626; schedule: Zhu, Gupta, "To prune, or not to prune", 2017, arXiv:1710.01878
      """)

  /// The sparsity, and the schedule by which it is reached.
  public var amount = PruningAmount(sparsity: 0.8)
  /// Absolute weights.
  public var criterion: any Saliency { Magnitude() }
  /// The limit in standard deviations of each layer's weights, 0...10; `nil` prunes to the sparsity.
  public var threshold: Double?

  /// Prunes four of five weights at once, ranked across the network.
  public init() {}

  /// Prunes to a sparsity at once.
  public init(sparsity: Double, scope: any Allocation = .global) {
    amount.sparsity = sparsity
    amount.scope = scope
  }

  /// Settings: those of `PruningAmount`, `threshold`.
  public static var settings: [Setting<MagnitudePruning>] {
    PruningAmount.settings(\.amount, of: "weights", [.element]) + [
      Setting(
        "threshold", \.threshold, in: 0...10,
        "limit in standard deviations of each layer's weights; null prunes to the sparsity")
    ]
  }

  /// Random pruning of the same amount; `nil` with a threshold, which sets no amount.
  public var randomControl: (any CompressionMethod)? {
    threshold == nil ? RandomPruning(amount: amount) : nil
  }
}
