public import Graphs
import Tensors

/// A method that prunes single weights: masks go around what the weights are stored as.
public protocol WeightPruning: CompressionMethod {
  /// How much, and when.
  var amount: PruningAmount { get set }
}

extension WeightPruning {
  public static var family: MethodFamily { .pruning }
  public static var order: PipelineOrder { .sparsity }
  public static var strength: WritableKeyPath<Self, Double>? { \.amount.sparsity }
  public var pacing: Pacing { amount.pacing }

  public func verdict(on node: Node, in graph: Graph) -> LayerVerdict {
    let slots = graph.slots(of: node).map(\.slot)
    if slots.contains(where: \.isPrunable) { return .touched }
    return .untouched(
      reason: slots.contains(where: \.isTrainable)
        ? "norms and biases are spared: they are few, and each one matters" : "it has no weights")
  }

  /// The graph with new masks.
  ///
  /// Throws `nothingToDo` where there is nothing to prune, and where the end is reached with nothing pruned.
  func rewrite(
    _ weights: [PrunedWeight], _ compression: Compression<Self>
  ) throws(MethodError) -> Rewrite {
    guard !weights.isEmpty else {
      throw .nothingToDo(method: Self.name, reason: "no layer with weights is left to it")
    }
    var graph = compression.graph
    var changes = 0
    var pruned = 0
    for weight in weights {
      guard let parameter = graph.parameters[weight.name] else { continue }
      pruned += weight.prunedCount
      guard parameter.survivors != weight.kept else { continue }
      changes += 1
      graph.parameters[weight.name] = parameter.masked(by: weight.kept)
    }
    if compression.progress >= 1, changes == 0, pruned == 0 || amount.schedule == .once {
      throw .nothingToDo(
        method: Self.name,
        reason: pruned == 0
          ? "no weight is below the limit; raise the sparsity"
          : "\(pruned) weights are pruned already, as many as are asked for; raise the sparsity")
    }
    return Rewrite(inPlace: graph)
  }
}

extension ParameterSlot {
  /// Whether single elements may go: weights may, biases, norms and statistics may not.
  var isPrunable: Bool { isTrainable && decays }
}

extension Graph {
  /// The weight tensors of a node that may be pruned.
  func prunableWeights(of node: Node) -> [(name: String, parameter: Parameter)] {
    slots(of: node).compactMap { name, slot in
      guard slot.isPrunable, let parameter = parameters[name] else { return nil }
      return (name, parameter)
    }
  }
}
