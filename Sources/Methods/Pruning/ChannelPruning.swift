public import Graphs
public import Settings

/// Removes whole channels, with everything that is tied to them.
public struct ChannelPruning: CompressionMethod {
  public static let name = "channel-pruning"
  public static let family = MethodFamily.pruning
  public static let order = PipelineOrder.structure
  public static let revision = 1
  public static let documentation = MethodDocumentation(
    summary: "remove whole channels, so that dense kernels get faster too",
    description: """
      Channels that sums, norms, depthwise layers and concatenations tie together are removed together, from every \
      layer that makes or reads them: the network is really smaller, in file, memory and time. A criterion scores each \
      such unit: l1, the absolute weights of its filters; taylor, the squared first-order change of the loss without it, \
      on training images; random, the control. Ranking is per layer, or global over scores that are divided by the mean \
      of their group. The sparsity is a share of channels, or of the network's multiply-adds. Inputs and outputs of the \
      network keep their channels.
      """,
    formula: """
      l1: sum of |w| over the filters that make the unit; taylor: mean over batches of (sum of g·w)^2 over the weights \
      that read the unit; global: score / mean score of the group; cubic schedule: \
      s(p) = sparsity + (initialSparsity - sparsity)·(1 - p)^3
      """,
    paper: """
      Li, Kadav, Durdanovic, Samet, Graf, "Pruning filters for efficient ConvNets", 2017, arXiv:1608.08710; Molchanov, \
      Mallya, Tyree, Frosio, Kautz, "Importance estimation for neural network pruning", 2019, arXiv:1906.10771; Fang, \
      Ma, Song, Mi, Wang, "DepGraph: towards any structural pruning", 2023, arXiv:2301.12900
      """)

  /// What a sparsity is a share of.
  public enum Measure: String, Sendable, SettingChoice {
    /// Channels that can be removed.
    case channels
    /// The network's multiply-adds.
    case multiplyAdds
  }

  /// How much, and when.
  public var amount = PruningAmount(sparsity: 0.5)
  /// What says how much a channel matters.
  public var criterion = ChannelCriterion.l1
  /// What the sparsity is a share of.
  public var measure = Measure.channels
  /// Channels that every group keeps.
  public var minimum = 1
  /// Training images on which the taylor criterion looks.
  public var images = 1024

  /// Half of the channels at once, ranked across the network.
  public init() {}

  /// Prunes to a sparsity at once.
  public init(
    sparsity: Double, criterion: ChannelCriterion = .l1, of measure: Measure = .channels,
    scope: PruningScope = .global
  ) {
    amount.sparsity = sparsity
    amount.scope = scope
    self.criterion = criterion
    self.measure = measure
  }

  public static var settings: [Setting<ChannelPruning>] {
    PruningAmount.settings(\.amount, of: "channels") + [
      Setting("criterion", \.criterion, "what says how much a channel matters"),
      Setting("of", \.measure, "what the sparsity is a share of"),
      Setting("minimum", \.minimum, in: 1...4096, "channels that every group of tied channels keeps"),
      Setting("images", \.images, in: 1...1_000_000, "training images on which the taylor criterion looks"),
    ]
  }

  public static var strength: WritableKeyPath<ChannelPruning, Double>? { \.amount.sparsity }
  public var pacing: Pacing { amount.pacing }
  public var evidence: Set<EvidenceKind> { criterion.scorer.evidence }

  public var randomControl: (any CompressionMethod)? {
    guard criterion != .random else { return nil }
    var control = self
    control.criterion = .random
    return control
  }

  public func verdict(on node: Node, in graph: Graph) -> LayerVerdict { graph.channelVerdict(on: node) }

  public func compress(_ compression: inout Compression<ChannelPruning>) throws(MethodError) -> Rewrite {
    let choices = Self.choices(compression)
    guard !choices.isEmpty else {
      throw .nothingToDo(method: Self.name, reason: "no channels are left to it that can be removed")
    }
    let scores = try criterion.scorer.scores(
      of: choices.map(\.group), in: compression.graph, images: images, compression.evidence,
      &compression.random)
    let pools = try pools(choices, scores)
    var units: [ChannelUnit] = []
    for pool in pools { units += try Self.removal(pool.settings, pool.selection, compression) }
    let gone = pools.reduce(units.count) { $0 + $1.selection.goneCount }
    guard gone > 0 || compression.progress < 1 else {
      throw .nothingToDo(
        method: Self.name, reason: "a sparsity of \(amount.sparsity) is less than one channel; raise it")
    }
    do throws(GraphError) {
      return try compression.graph.removingChannels(units)
    } catch {
      throw .graph(method: Self.name, error)
    }
  }
}
