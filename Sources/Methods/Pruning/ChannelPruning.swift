public import Graphs
public import Settings

/// Removes whole channels, with everything that is tied to them.
public struct ChannelPruning: CompressionMethod {
  /// The name in recipes: `channel-pruning`.
  public static let name = "channel-pruning"
  /// The family that rankings show it in: pruning.
  public static let family = MethodFamily.pruning
  /// Changes nodes and shapes.
  public static let order = PipelineOrder.structure
  /// Changes when results change; part of a trial's address.
  public static let revision = 1
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "remove whole channels: dense kernels get faster too",
    description: """
      Channels that sums, norms, depthwise layers and concatenations tie together are removed together, from every \
      layer that makes or reads them. The network gets smaller in file and memory, and faster. A criterion \
      (`condense list criteria`) scores each such unit. `scope` ranks across all layers or layer by layer (`condense \
      list allocations`); most criteria divide scores by the mean of their group before groups are compared. The \
      sparsity is a share of the channels that can be removed, or of the network's multiply-adds. Inputs and outputs \
      of the network keep their channels. With `roundTo` the number of channels that a group keeps is rounded up to \
      a multiple of it, to fill the blocks of the kernels; a share of channels is then an upper limit.
      """,
    formula: """
      the units of the lowest scores go until round(s·n) of n are gone, and those of score < below·(largest score of the \
      group); global: score / mean score of the group, where the criterion says so; schedules from i = initialSparsity to \
      s = sparsity: cubic s + (i - s)·(1 - p)^3, linear i + (s - i)·p, geometric 1 - (1 - i)·((1 - s)/(1 - i))^p
      """,
    paper: """
      Li, Kadav, Durdanovic, Samet, Graf, "Pruning filters for efficient ConvNets", 2017, arXiv:1608.08710; Molchanov, \
      Mallya, Tyree, Frosio, Kautz, "Importance estimation for neural network pruning", 2019, arXiv:1906.10771; Fang, \
      Ma, Song, Mi, Wang, "DepGraph: towards any structural pruning", 2023, arXiv:2301.12900
      """)

  /// The quantity of which a sparsity is a share.
  public enum Measure: String, Sendable, SettingChoice {
    /// Channels that can be removed.
    case channels
    /// Multiply-adds of the network.
    case multiplyAdds
  }

  /// The sparsity, and the schedule by which it is reached.
  public var amount = PruningAmount(sparsity: 0.5)
  /// The criterion that scores channels.
  public var criterion: any Saliency = AbsoluteSum()
  /// The quantity of which the sparsity is a share.
  public var measure = Measure.channels
  /// Channels that every group keeps.
  public var minimum = 1
  /// The share of the group's largest score below which channels go too, whatever the sparsity; 0...1.
  public var below = 0.0
  /// The number to whose multiple the channels that a group keeps are rounded up.
  public var roundTo = 1
  /// Training images to look at, for criteria that name no number.
  public var images = 1024

  /// Removes half of the channels at once, ranked across the network.
  public init() {}

  /// Removes channels to a sparsity at once.
  public init(
    sparsity: Double, criterion: any Saliency = AbsoluteSum(), of measure: Measure = .channels,
    scope: any Allocation = .global
  ) {
    amount.sparsity = sparsity
    amount.scope = scope
    self.criterion = criterion
    self.measure = measure
  }

  /// The description of `roundTo`, here and in methods that use this one.
  static let roundToSummary =
    "the number of channels that each group keeps is rounded up to a multiple of this: 8 fills the blocks of AVX2 kernels, 16 those of AVX-512"

  /// Settings: those of `PruningAmount`, `criterion`, `of`, `minimum`, `below`, `roundTo`, `images`.
  public static var settings: [Setting<ChannelPruning>] { settings(\.self) }

  /// The settings as those of a method that uses this one.
  static func settings<Owner>(_ path: WritableKeyPath<Owner, ChannelPruning>) -> [Setting<Owner>] {
    PruningAmount.settings(path.appending(path: \.amount), of: "channels", [.channel]) + [
      SaliencyCatalogue.setting(
        path.appending(path: \.criterion), scoring: [.channel], "the criterion that scores channels"),
      Setting("of", path.appending(path: \.measure), "measure of which the sparsity is a share"),
      Setting(
        "minimum", path.appending(path: \.minimum), in: 1...4096,
        "least number of channels that each group of tied channels keeps"),
      Setting(
        "below", path.appending(path: \.below), in: 0...1,
        "channels whose score is below this share of the largest score of their group are removed too"),
      Setting("roundTo", path.appending(path: \.roundTo), in: 1...256, roundToSummary),
      Setting(
        "images", path.appending(path: \.images), in: 1...1_000_000,
        "training images for criteria that give no number"),
    ]
  }

  /// The strength is the sparsity.
  public static var strength: WritableKeyPath<ChannelPruning, Double>? { \.amount.sparsity }
  /// Acts at once or on the schedule of the amount.
  public var pacing: Pacing { amount.pacing }
  /// The evidence of the criterion and of the allocation.
  public var evidence: Set<EvidenceKind> { criterion.evidence.union(amount.scope.evidence) }

  /// The same method with the criterion `random`; `nil` if it is that already.
  public var randomControl: (any CompressionMethod)? {
    guard !(criterion is RandomScore) else { return nil }
    var control = self
    control.criterion = RandomScore(controlling: criterion)
    return control
  }

  /// All layers that lose channels together with the node, through shared groups.
  public func layersTied(to node: Node, in graph: Graph) -> [String] {
    let groups = graph.channelGroups().map { graph.producers(of: $0).map(\.name) }
    var tied: Set = [node.name]
    while let next = groups.first(where: { !tied.isDisjoint(with: $0) && !tied.isSuperset(of: $0) }) {
      tied.formUnion(next)
    }
    return graph.nodes.map(\.name).filter(tied.contains)
  }

  /// Refuses layers whose channels must stay, and groups that the criterion cannot score.
  public func applicability(to node: Node, in graph: Graph) -> Applicability {
    let applicability = graph.channelApplicability(to: node)
    guard applicability == .applicable else { return applicability }
    let group = graph.channelGroups().first { $0.values.contains(node.name) }
    let obstacle = group.flatMap { criterion.obstacle(to: UnitSet($0, in: graph)) }
    return obstacle.map { .notApplicable(reason: "\(type(of: criterion).name): \($0)") } ?? .applicable
  }

  /// Scores all groups, removes the units of the lowest scores, and applies the criterion's compensation.
  public func compress(_ compression: inout Compression<ChannelPruning>) throws -> Rewrite {
    try losses(&compression).removed
  }

  /// The units that go at one point of a stage.
  struct Losses {
    /// The groups that are left to the method.
    let choices: [Choice]
    /// True for each unit that goes, by group.
    let isGone: [[Bool]]
    /// The network with the criterion's compensation for the units that go.
    let compensated: Graph
    fileprivate let units: [ChannelUnit]

    /// The network without the units that go.
    var removed: Rewrite {
      get throws { try located(ChannelPruning.name) { try compensated.removingChannels(units) } }
    }
  }

  /// The channels that go at this point; throws if none can ever go, or none has gone at the end.
  func losses(_ compression: inout Compression<ChannelPruning>) throws -> Losses {
    let choices = Self.choices(compression)
    guard !choices.isEmpty else {
      throw MethodError.nothingToDo(
        method: Self.name,
        reason:
          "the recipe leaves out all channels that can be removed and that the criterion can score, or there are none"
      )
    }
    let judged = choices.map { (set: $0.set, criterion: $0.settings.criterion) }
    let scores = try compression.scores(judged, images: images)
    let pools = try pools(choices, scores, compression)
    var units: [ChannelUnit] = []
    for pool in pools { units += try Self.removal(pool.settings, pool.selection, compression) }
    let known = Set(units.map(\.key))
    units += pools.flatMap(\.selection.weak).filter { !known.contains($0.key) }
    let gone = pools.reduce(units.count) { $0 + $1.selection.goneCount }
    guard gone > 0 || compression.progress < 1 else {
      throw MethodError.nothingToDo(
        method: Self.name,
        reason: roundTo > 1
          ? "a sparsity of \(amount.sparsity) leaves every group all its channels, which are rounded up to a multiple of "
            + "\(roundTo); raise it, or lower roundTo"
          : "a sparsity of \(amount.sparsity) is less than one channel; raise it")
    }
    let goneUnits = Set(units.map(\.key))
    let isGone = choices.map { $0.group.units.map { goneUnits.contains($0.key) } }
    return Losses(
      choices: choices, isGone: isGone,
      compensated: try compression.compensated(judged, isGone: isGone, images: images), units: units)
  }
}

extension ChannelUnit {
  /// One of its channels as text, which no other unit has.
  fileprivate var key: String { channels.map { "\($0.key) \($0.value.first ?? 0)" }.min() ?? "" }
}
