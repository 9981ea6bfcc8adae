public import Settings

/// Prunes the smallest weights while the network trains, and splices back those that grow.
public struct DynamicSurgery: SplicingMethod {
  /// The name in recipes: `dynamic-surgery`.
  public static let name = "dynamic-surgery"
  /// Changes when results change; part of a trial's address.
  public static let revision = 1
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "prune the smallest weights while training, and restore those that grow",
    description: """
      At each of `times` points the weights are ranked anew. Masked weights are ranked too: the network computes \
      with zeros in their place, but they go on learning, as gradients pass straight through the mask. A weight \
      below the limit by a margin is masked, a weight above it by the margin comes back, and a weight between the \
      two keeps its state. So a weight that was pruned wrongly returns. The limit is the magnitude at which the \
      schedule's sparsity is reached, across the network or layer by layer; or it is `threshold` standard deviations \
      of each layer's weights. The last point masks for good the weights below the limit, to exactly the sparsity; \
      the training after it recovers. Masks of earlier stages stay, and so does one weight of each tensor.
      """,
    formula: """
      mask' = 0 where |w| < (1 - margin)·t, 1 where |w| >= (1 + margin)·t, else mask; t lies midway between the round(s(p)·n)-th \
      smallest of n |w| and the next, or is threshold·share(p)·standard deviation of the layer; gradient by w = gradient by mask·w
      """,
    paper: "Guo, Yao, Chen, \"Dynamic network surgery for efficient DNNs\", 2016, arXiv:1608.04493")

  /// The sparsity, and the schedule by which it is reached.
  public var amount = PruningAmount(sparsity: 0.8)
  /// Absolute weights.
  public var criterion: any Saliency { Magnitude() }
  /// The limit in standard deviations of each layer's weights, 0...10; `nil` prunes to the sparsity.
  public var threshold: Double?
  /// The distance from the limit, as a share of it, beyond which a weight changes sides, 0...0.9.
  public var margin = 0.1

  /// Prunes four of five weights in the end, at 20 points, by the cubic schedule.
  public init() {
    amount.schedule = .cubic
    amount.times = 20
    amount.share = 0.8
  }

  /// Prunes to a sparsity.
  public init(sparsity: Double, scope: any Allocation = .global, margin: Double = 0.1) {
    self.init()
    amount.sparsity = sparsity
    amount.scope = scope
    self.margin = margin
  }

  /// Settings: those of `PruningAmount`, `threshold`, `margin`.
  public static var settings: [Setting<DynamicSurgery>] {
    PruningAmount.settings(\.amount, of: "weights", [.element]) + [
      Setting(
        "threshold", \.threshold, in: 0...10,
        "limit in standard deviations of each layer's weights; null prunes to the sparsity"),
      Setting(
        "margin", \.margin, in: 0...0.9,
        "distance from the limit at which a weight changes its state, as a share of the limit"),
    ]
  }

  /// Random pruning of the same amount; `nil` with a threshold, which sets no amount.
  public var randomControl: (any CompressionMethod)? {
    threshold == nil ? RandomPruning(amount: amount) : nil
  }
}
