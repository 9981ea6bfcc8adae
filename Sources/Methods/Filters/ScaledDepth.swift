public import Graphs
import Ops
public import Settings

/// Makes a network shallower: removes residual blocks and keeps their shortcuts.
public struct ScaledDepth: CompressionMethod {
  /// The name in recipes: `depth`.
  public static let name = "depth"
  /// The family that rankings show it in: filters.
  public static let family = MethodFamily.filters
  /// Changes nodes and shapes.
  public static let order = PipelineOrder.structure
  /// Changes when results change; part of a trial's address.
  public static let revision = 1
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "remove residual blocks and keep their shortcuts",
    description: """
      A residual block can go if its sum adds a value and something that is made of that value alone: the readers of \
      the sum then read the value. Of the n blocks that can go, round(factor·n) stay. Blocks that change the shape \
      have no shortcut to replace them and stay; so do blocks with a layer that the recipe leaves out. With `latest` \
      the blocks nearest to the output go first. With `leastHarm` the blocks go first without which the loss rises \
      the least, each measured alone on `images` training images.
      """,
    formula: "y = x + f(x) becomes y = x for n - round(factor·n) of n blocks",
    paper:
      "Veit, Wilber, Belongie, 2016, Residual networks behave like ensembles of relatively shallow networks, "
      + "arXiv:1605.06431; Tan, Le, 2019, EfficientNet, arXiv:1905.11946")

  /// The order in which blocks are removed.
  public enum Order: String, Sendable, SettingChoice {
    /// The blocks nearest to the output first, or those without which the loss is least.
    case latest, leastHarm
  }

  /// The share of blocks that stays, 0...1.
  public var factor = 0.5
  /// The order in which blocks are removed.
  public var blocks = Order.latest
  /// Training images on which the loss without a block is measured.
  public var images = 256

  /// Creates it with its default settings.
  public init() {}

  /// Settings: `factor`, `blocks`, `images`.
  public static var settings: [Setting<ScaledDepth>] {
    [
      Setting("factor", \.factor, in: 0...1, "share that stays of the blocks that can go"),
      Setting(
        "blocks", \.blocks,
        "the blocks that go first: those nearest to the output (latest), or those whose removal raises the loss least (leastHarm)"
      ),
      Setting(
        "images", \.images, in: 1...1_000_000, "training images on which the loss without a block is measured"
      ),
    ]
  }

  /// The strength is `1 - factor`.
  public static var strength: WritableKeyPath<ScaledDepth, Double>? { \.removedShare }

  /// The share of blocks that is removed: `1 - factor`.
  var removedShare: Double {
    get { 1 - factor }
    set { factor = min(max(1 - newValue, 0), 1) }
  }

  /// Losses of changed networks for `leastHarm`, none otherwise.
  public var evidence: Set<EvidenceKind> { blocks == .leastHarm ? [.losses] : [] }

  /// The layers of the residual block that the node is in.
  public func layersTied(to node: Node, in graph: Graph) -> [String] {
    graph.residualBlocks().first { $0.layers.contains(node.name) }?.layers ?? [node.name]
  }

  /// Refuses nodes that are in no block with an identity shortcut.
  public func applicability(to node: Node, in graph: Graph) -> Applicability {
    guard graph.residualBlocks().contains(where: { $0.layers.contains(node.name) }) else {
      return .notApplicable(reason: "it is not part of a residual block that can go")
    }
    return .applicable
  }

  /// Removes blocks until `round(factor·n)` of n stay; throws if none would go.
  public func compress(_ compression: inout Compression<ScaledDepth>) throws -> Rewrite {
    let graph = compression.graph
    let free = Set(compression.layers.map(\.node.name))
    let blocks = graph.residualBlocks().filter { $0.layers.allSatisfy(free.contains) }
    let kept = Int((factor * Double(blocks.count)).rounded())
    guard kept < blocks.count else {
      throw MethodError.nothingToDo(
        method: Self.name,
        reason: blocks.isEmpty
          ? "it has no residual block that can go" : "of \(blocks.count) blocks all stay; lower the factor")
    }
    var order = Array(blocks.indices.reversed())
    if self.blocks == .leastHarm {
      let losses = try blocks.map { block in
        try compression.evidence.meanLoss(of: graph.removing([block]).graph, images: images)
      }
      // Of equal losses the later block goes first, as with `latest`.
      order.sort { (losses[$0], -$0) < (losses[$1], -$1) }
    }
    let gone = order.prefix(blocks.count - kept).map { blocks[$0] }
    return try located(Self.name) { try graph.removing(gone) }
  }
}

/// A sum of a value and a branch that is made of that value alone.
struct ResidualBlock: Equatable {
  /// The name of the sum.
  let sum: String
  /// The value to which the branch is added.
  let shortcut: String
  /// The nodes with parameters that serve this block alone.
  let layers: [String]
}

extension Graph {
  /// The blocks that can be removed, in the graph's order; no two share a layer.
  func residualBlocks() -> [ResidualBlock] {
    var taken: Set<String> = []
    return nodes.compactMap { node in
      guard node.op is Add, node.inputs.count == 2, !outputs.contains(node.name) else { return nil }
      for (shortcut, branch) in [(node.inputs[0], node.inputs[1]), (node.inputs[1], node.inputs[0])] {
        guard shortcut != branch, isMade(branch, of: shortcut),
          // Nodes that nobody reads once the shortcut replaces the sum belong to the block.
          let left = try? removing([ResidualBlock(sum: node.name, shortcut: shortcut, layers: [])]).graph
        else { continue }
        let layers = nodes.filter { left.node(named: $0.name) == nil && !slots(of: $0).isEmpty }.map(\.name)
        guard !layers.isEmpty, taken.isDisjoint(with: layers) else { continue }
        taken.formUnion(layers)
        return ResidualBlock(sum: node.name, shortcut: shortcut, layers: layers)
      }
      return nil
    }
  }

  /// True if every path from the graph's inputs to a value goes through `source`.
  private func isMade(_ value: String, of source: String) -> Bool {
    var open = [value]
    var seen: Set<String> = []
    while let name = open.popLast() {
      guard name != source, seen.insert(name).inserted else { continue }
      guard let node = node(named: name) else { return false }
      open += node.inputs
    }
    return true
  }

  /// The graph in which readers of a block's sum read its shortcut, without nodes that nobody reads then.
  func removing(_ blocks: [ResidualBlock]) throws(GraphError) -> Rewrite {
    var standIns: [String: String] = [:]
    for block in blocks { standIns[block.sum] = block.shortcut }
    // A shortcut may be the sum of another removed block.
    func present(_ name: String) -> String {
      var name = name
      while let other = standIns[name] { name = other }
      return name
    }
    var needed = Set(outputs)
    for node in nodes.reversed() where needed.contains(node.name) && standIns[node.name] == nil {
      needed.formUnion(node.inputs.map(present))
    }
    var graph = Graph(inputs: inputs)
    var origin: [String: Origin] = [:]
    for node in nodes where needed.contains(node.name) && standIns[node.name] == nil {
      try graph.append(node.op, name: node.name, inputs: node.inputs.map(present))
      for (name, _) in slots(of: node) {
        graph.parameters[name] = parameters[name]
        origin[name] = Origin(parameter: name)
      }
    }
    graph.outputs = outputs
    graph.values = values.filter { graph.shape(of: $0.key) != nil }
    return Rewrite(graph: graph, origin: origin)
  }
}
