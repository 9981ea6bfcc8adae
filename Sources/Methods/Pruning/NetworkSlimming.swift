public import Graphs
public import Settings

/// Removes the channels whose batch-norm scales a penalty has driven to zero.
public struct NetworkSlimming: ChannelPruningMethod {
  /// The name in recipes: `network-slimming`.
  public static let name = "network-slimming"
  /// Changes when results change; part of a trial's address.
  public static let revision = 1
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "remove the channels whose batch-norm scales a penalty made small",
    description: """
      The first stage trains with the penalty norm-scale, which pulls the scales of all batch norms to zero; those of \
      channels that do little follow. This method then removes the channels of the smallest scales, ranked across the \
      network, with everything that is tied to them, and the stage's training recovers. Channels without a batch norm \
      stay. It is channel-pruning with the criterion norm-scale; the stage before it has \
      "training: {penalties: {norm-scale: {weight: 1e-4}}}", as in Recipes/network-slimming.yaml. Pruning from scratch finds a \
      shape by it before anything is trained: a network of random weights trains a little with all layers but norms frozen \
      ("frozen: ['kind:conv2d', 'kind:linear']" beside the penalty), so that scales and shifts of norms alone learn; this method \
      keeps to the budget ("of: multiplyAdds"), and "rewind: {to: random}" trains what is left from new weights, as in \
      Recipes/pruning-from-scratch.yaml. The paper has gates of their own, and a penalty on how far their mean is from a \
      ratio that a threshold then meets; here the sum of scales is the penalty, and the lowest go until the budget is met.
      """,
    formula: """
      loss + weight·sum of |scale| in the first stage; score = |scale|, averaged over the batch norms of tied channels; the \
      lowest round(s·n) of n channels go
      """,
    paper: """
      Liu, Li, Shen, Huang, Yan, Zhang, "Learning efficient convolutional networks through network slimming", 2017, \
      arXiv:1708.06519; from scratch: Wang, Zhang, Xie, Zhou, Su, Zhang, Hu, "Pruning from scratch", 2020, arXiv:1909.12579
      """)

  /// The channels to remove, and the schedule.
  public var pruning = ChannelPruning(sparsity: 0.5, criterion: NormScale())

  /// Removes half of the channels at once, ranked across the network.
  public init() {}

  /// Removes channels to a sparsity at once.
  public init(sparsity: Double, of measure: ChannelPruning.Measure = .channels) {
    pruning.amount.sparsity = sparsity
    pruning.measure = measure
  }

  /// Settings: those of `PruningAmount`, `of`, `minimum`, `roundTo`.
  public static var settings: [Setting<NetworkSlimming>] {
    PruningAmount.settings(\.pruning.amount, of: "channels", [.channel]) + [
      Setting("of", \.pruning.measure, "what the sparsity is a share of"),
      Setting("minimum", \.pruning.minimum, in: 1...4096, "channels that every group of tied channels keeps"),
      Setting("roundTo", \.pruning.roundTo, in: 1...256, ChannelPruning.roundToSummary),
    ]
  }

  /// Acts at once or on the schedule of the amount.
  public var pacing: Pacing { pruning.pacing }

  /// Removes the channels of the smallest norm scales, as channel pruning does.
  public func compress(_ compression: inout Compression<NetworkSlimming>) throws -> Rewrite {
    var channels = compression.with(\.pruning)
    return try ChannelPruning.errors(as: Self.name) { try pruning.compress(&channels) }
  }
}
