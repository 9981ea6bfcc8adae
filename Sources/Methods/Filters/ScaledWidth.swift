public import Graphs
import Ops
public import Settings
import Tensors

/// Makes a network narrower: each group of removable channels keeps the same share.
public struct ScaledWidth: CompressionMethod {
  /// The name in recipes: `width`.
  public static let name = "width"
  /// The family that rankings show it in: filters.
  public static let family = MethodFamily.filters
  /// Changes nodes and shapes.
  public static let order = PipelineOrder.structure
  /// Changes when results change; part of a trial's address.
  public static let revision = 1
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "every layer keeps the same share of its channels",
    description: """
      Each group of coupled channels keeps the share `factor` of its channels: rounded, and at least 1. Channels that must stay, \
      such as scores and images, stay. With `initialize: kept` the channels with the largest sums of magnitudes stay, with their \
      weights. With `initialize: fresh` all layers start from random numbers, those that keep all their channels too; only layers \
      that the recipe leaves out keep their weights. The result is what the narrower network is worth without the old weights.
      """,
    formula:
      "n' = max(1, round(factor·n)) of each group of n; kept: the n' units u of largest Σ_{W makes u} |W[u,…]|",
    paper:
      "Howard et al., 2017, MobileNets, section 3.3 (width multiplier), arXiv:1704.04861; Li, Kadav, Durdanovic, Samet, "
      + "Graf, 2017, Pruning filters for efficient ConvNets, arXiv:1608.08710")

  /// The share of channels that is kept, 0.01...1.
  public var factor = 0.5
  /// The start of the weights: the old ones of the channels kept, or random numbers.
  public var initialize = WidthStart.kept

  /// Creates it with its default settings.
  public init() {}

  /// Settings: `factor`, `initialize`.
  public static var settings: [Setting<ScaledWidth>] {
    [
      Setting("factor", \.factor, in: 0.01...1, "share of each layer's channels that is kept"),
      Setting(
        "initialize", \.initialize,
        "the start of the weights: kept, of the channels with the largest magnitudes, or fresh, random numbers in all layers"
      ),
    ]
  }

  /// The strength is `1 - factor`.
  public static var strength: WritableKeyPath<ScaledWidth, Double>? { \.removedShare }

  /// The share of channels that is removed: `1 - factor`.
  var removedShare: Double {
    get { 1 - factor }
    set { factor = min(max(1 - newValue, 0.01), 1) }
  }

  /// Refuses layers without weights, with channels that must stay, or that would keep all channels.
  public func applicability(to node: Node, in graph: Graph) -> Applicability {
    guard node.op is any ProductOp else {
      return .notApplicable(reason: "it has no weights that make channels")
    }
    guard let group = graph.channelGroups().first(where: { $0.values.contains(node.name) }) else {
      return .notApplicable(reason: "its channels must stay")
    }
    guard kept(of: group.units.count) < group.units.count else {
      return .notApplicable(reason: "\(factor) of its \(group.units.count) channels, rounded, is all of them")
    }
    return .applicable
  }

  /// The channels that stay of a group of `count`.
  private func kept(of count: Int) -> Int { max(1, Int((factor * Double(count)).rounded())) }

  /// Removes the channels of each group with the smallest sums of magnitudes; throws if none would go.
  ///
  /// A fresh start is of all layers that the recipe does not leave out, also of groups that stay whole.
  public func compress(_ compression: inout Compression<ScaledWidth>) throws -> Rewrite {
    let graph = compression.graph
    var removed: [ChannelUnit] = []
    for group in graph.channelGroups() {
      guard let settings = Self.settings(of: group, compression) else { continue }
      // Fresh weights tell nothing apart, so the first channels stay.
      let scores = group.units.map { settings.initialize == .kept ? Self.magnitude(of: $0, in: graph) : 0 }
      let ranked = group.units.indices.sorted { (scores[$0], $1) > (scores[$1], $0) }
      removed += ranked.dropFirst(settings.kept(of: group.units.count)).map { group.units[$0] }
    }
    guard !removed.isEmpty else {
      throw MethodError.nothingToDo(method: Self.name, reason: "no layer would lose a channel")
    }
    return try located(Self.name) {
      var rewrite = try graph.removingChannels(removed)
      for node in graph.nodes where compression.settings(for: node.name)?.initialize == .fresh {
        rewrite.restart(node.name, key: compression.random.key)
      }
      return rewrite
    }
  }

  /// The settings of the layers that make a group's channels; `nil` if the recipe leaves one of them out.
  private static func settings(
    of group: ChannelGroup, _ compression: Compression<ScaledWidth>
  ) -> ScaledWidth? {
    let makers = group.values.filter { value in
      compression.graph.node(named: value).map { $0.op is any ProductOp } ?? false
    }
    let settings = makers.map { compression.settings(for: $0) }
    return settings.contains { $0 == nil } ? nil : settings.first ?? nil
  }

  /// The sum of the magnitudes of all weights that make the unit's channels.
  private static func magnitude(of unit: ChannelUnit, in graph: Graph) -> Double {
    var sum = 0.0
    for (value, channels) in unit.channels.sorted(by: { $0.key < $1.key }) {
      guard let node = graph.node(named: value) else { continue }
      for (name, slot) in graph.slots(of: node) where slot.decays {
        guard let axis = slot.outputAxis, let weight = graph.parameters[name]?.projected else { continue }
        for magnitude in weight.gathering(channels, axis: axis).values { sum += Double(abs(magnitude)) }
      }
    }
    return sum
  }
}

extension Rewrite {
  /// Draws the parameters of a node anew; they lose their origins.
  fileprivate mutating func restart(_ name: String, key: UInt64) {
    guard let node = graph.node(named: name) else { return }
    for (parameter, slot) in graph.slots(of: node) {
      var random = SeededRandom(seed: key, purpose: "initialize " + parameter)
      graph.parameters[parameter] = Parameter(slot.initializer.tensor(slot.shape, &random))
      origin[parameter] = nil
    }
  }
}
