public import Graphs
import Ops
public import Settings
import Tensors

/// Lowers the rates of dropouts by the share of connections that pruning has left.
public struct DropoutAdaptation: CompressionMethod {
  /// The name in recipes: `dropout-adaptation`.
  public static let name = "dropout-adaptation"
  /// The family that rankings show it in: pruning.
  public static let family = MethodFamily.pruning
  /// Decides which weights are zero.
  public static let order = PipelineOrder.sparsity
  /// Changes when results change; part of a trial's address.
  public static let revision = 1
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "lower dropout rates by the share of connections that pruning has left",
    description: """
      A pruned layer has less capacity to overfit, and the old dropout rate keeps it from recovering. This method \
      stands behind one that masks weights. The rate of each dropout is multiplied by the root of the share of \
      connections that are left in the layers that read the dropped values, or, if none does, in the layer that \
      makes them. Masked weights count as removed; channels that were removed whole do not count. If it is applied \
      again after more pruning, `rate` gives the rate from before any pruning.
      """,
    formula: "rate = rate(original)·sqrt(connections left / connections of the layer)",
    paper: """
      Han, Pool, Tran, Dally, "Learning both weights and connections for efficient neural networks", 2015, \
      arXiv:1506.02626, section 3.2
      """)

  /// The rate before anything was pruned, 0...0.99; `nil` takes the rate at the beginning of the stage.
  public var rate: Float?

  /// Starts from the rates that the network has.
  public init() {}

  /// Settings: `rate`.
  public static var settings: [Setting<DropoutAdaptation>] {
    [
      Setting(
        "rate", \.rate, in: 0...0.99,
        "rate from before any pruning; null takes the network's rate at the beginning of the stage")
    ]
  }

  /// Refuses nodes other than dropouts, and dropouts without a layer of weights beside them.
  public func applicability(to node: Node, in graph: Graph) -> Applicability {
    guard node.op is Dropout else { return .notApplicable(reason: "it drops nothing") }
    return graph.connected(to: node).isEmpty
      ? .notApplicable(reason: "no layer with weights reads or makes its input") : .applicable
  }

  /// Multiplies each rate by √(connections left / connections of the layer); throws if no rate changes.
  public func compress(_ compression: inout Compression<DropoutAdaptation>) throws -> Rewrite {
    let graph = compression.graph
    var adapted: [String: [NewLayer]] = [:]
    for (node, settings) in compression.layers {
      guard let present = (node.op as? Dropout)?.rate else { continue }
      let first = (compression.original.node(named: node.name)?.op as? Dropout)?.rate ?? present
      let weights = graph.connected(to: node).flatMap { graph.prunableWeights(of: $0) }
      let all = weights.reduce(0) { $0 + $1.parameter.value.shape.count }
      let left = weights.reduce(0) { $0 + $1.parameter.survivors.count { $0 } }
      let share = (Double(left) / Double(max(all, 1))).squareRoot()
      let rate = Float(Double(settings.rate ?? first) * share)
      guard rate != present else { continue }
      adapted[node.name] = [NewLayer(op: Dropout(rate: rate), name: node.name, inputs: node.inputs)]
    }
    guard !adapted.isEmpty else {
      throw MethodError.nothingToDo(
        method: Self.name, reason: "no dropout is next to a layer with masked weights; prune weights first")
    }
    return try located(Self.name) { try graph.replacing(adapted, key: 0) }
  }
}

extension Graph {
  /// The layers with prunable weights that read a node's value, also through nodes without weights.
  ///
  /// If there is none, the layer with prunable weights that makes it.
  fileprivate func connected(to node: Node) -> [Node] {
    var values: Set = [node.name]
    var readers: [Node] = []
    for reader in nodes where reader.inputs.contains(where: values.contains) {
      if hasPrunableWeights(reader) { readers.append(reader) } else { values.insert(reader.name) }
    }
    guard readers.isEmpty else { return readers }
    var made = node
    while let maker = made.inputs.first.flatMap({ self.node(named: $0) }) {
      if hasPrunableWeights(maker) { return [maker] }
      made = maker
    }
    return []
  }

  /// True if a node has prunable weights.
  private func hasPrunableWeights(_ node: Node) -> Bool { slots(of: node).contains { $0.slot.isPrunable } }
}
