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
      The stage before trains with the penalty norm-scale, "training: {penalties: {norm-scale: {weight: 1e-4}}}", \
      which pulls the scales of all batch norms to zero; the scales of channels that do little become small. This \
      method then removes the channels of the smallest scales, ranked across the network, with everything that is \
      tied to them, and the stage's training recovers. Channels without a batch norm stay. It is channel-pruning \
      with the criterion norm-scale; see Recipes/network-slimming.yaml. Pruning from scratch uses it to find a shape \
      before anything is trained: a network of random weights trains a little with all layers but norms frozen \
      ("frozen: ['kind:conv2d', 'kind:linear']" beside the penalty), so that only scales and shifts of norms learn; \
      this method keeps the budget ("of: multiplyAdds"); and "rewind: {to: random}" trains the remaining shape from \
      new weights, as in Recipes/pruning-from-scratch.yaml. The paper trains separate gates with a penalty on the \
      distance of their mean from a ratio, and prunes by a threshold; here the sum of scales is the penalty, and the \
      lowest go until the budget is met.
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
      Setting("of", \.pruning.measure, "measure of which the sparsity is a share"),
      Setting(
        "minimum", \.pruning.minimum, in: 1...4096,
        "least number of channels that each group of tied channels keeps"),
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
