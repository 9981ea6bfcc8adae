public import Graphs
import Ops
public import Settings

/// Scales channels so that the weights on both sides have equal ranges, without changing the network.
public struct CrossLayerEqualization: CompressionMethod {
  /// The name in recipes: `cross-layer-equalization`.
  public static let name = "cross-layer-equalization"
  /// The family that rankings show it in: quantization.
  public static let family = MethodFamily.quantization
  /// Makes weights share numbers.
  public static let order = PipelineOrder.sharing
  /// Changes when results change; part of a trial's address.
  public static let revision = 1
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "scale channels so that the weights on both sides have equal ranges",
    description: """
      The network computes the same if a channel is multiplied by a number where a layer makes it and divided by \
      that number where the next layer reads it, as long as only rectifiers, pooling, flattening, dropout and sums \
      are between them. The method folds batch norms. Then it scales every such channel so that the largest weight \
      that makes it equals the largest weight that reads it, layer after layer until nothing changes. Depthwise \
      convolutions are scaled on both sides; paths that meet in a sum have the same factors. ReLU6, other nonlinear \
      activations, concatenations, inputs and outputs end a chain. With `replaceReLU6` each ReLU6 becomes a ReLU \
      first, which changes the network. Masks stay. Layers whose weights are on grids or in codebooks, and layers \
      that the recipe leaves out, are not scaled. Put it before post-training-quantization or \
      quantization-aware-training; there a layer into which a norm was folded has the norm's name.
      """,
    formula:
      "s[c] = √(max|W₂[:, c]| / max|W₁[c]|); W₁[c], b₁[c] ← s[c] · W₁[c], s[c] · b₁[c]; W₂[:, c] ← W₂[:, c] / s[c]",
    paper: """
      Nagel, van Baalen, Blankevoort, Welling 2019, Data-free quantization through weight equalization and bias correction, \
      arXiv:1906.04721
      """)

  /// True if each ReLU6 becomes a ReLU, which does change the network.
  public var replaceReLU6 = false

  /// Leaves ReLU6 as it is.
  public init() {}

  /// Settings: `replaceReLU6`.
  public static var settings: [Setting<CrossLayerEqualization>] {
    [
      Setting(
        "replaceReLU6", \.replaceReLU6,
        "true replaces each ReLU6 by a ReLU, across which channels can be scaled; this changes the network")
    ]
  }

  /// Refuses layers without a channel that could be scaled, and encodings that scaling would break.
  public func applicability(to node: Node, in graph: Graph) -> Applicability {
    let norms = graph.foldableBatchNorms(keeping: graph.layersThatKeepScale)
    if norms.contains(where: { $0.norm == node.name || $0.producer == node.name }) { return .applicable }
    guard node.op is any ProductOp else { return .notApplicable(reason: "it has no weights to scale") }
    let graph = replaceReLU6 ? (try? graph.replacingReLU6()) ?? graph : graph
    let scales = ChannelScales(graph) { !graph.layersThatKeepScale.contains($0.name) }
    return scales.scalable.contains(node.name)
      ? .applicable
      : .notApplicable(
        reason: "no other layer makes or reads its channels through ops that keep scales")
  }

  /// Folds norms and equalizes all channels; throws if values lie on grids, or no two layers are joined.
  public func compress(_ compression: inout Compression<CrossLayerEqualization>) throws -> Rewrite {
    let original = compression.graph
    guard original.values.isEmpty else {
      throw MethodError.nothingToDo(
        method: Self.name, reason: "values are on grids already; put it before the stage that quantizes")
    }
    let leftOut = Set(original.nodes.map(\.name).filter { compression.settings(for: $0) == nil })
    let kept = original.layersThatKeepScale.union(leftOut)
    let producers = Dictionary(
      original.foldableBatchNorms(keeping: kept).map { ($0.norm, $0.producer) },
      uniquingKeysWith: { first, _ in first })
    var graph = try located(Self.name) { try original.foldingBatchNorms(keeping: kept) }
    if replaceReLU6 { graph = try located(Self.name) { [graph] in try graph.replacingReLU6() } }
    let scales = ChannelScales(graph) { !kept.contains(producers[$0.name] ?? $0.name) }
    guard !scales.scalable.isEmpty else {
      throw MethodError.nothingToDo(
        method: Self.name,
        reason:
          "no two layers are joined by ops that keep scales (ReLU, pooling, sums; ReLU6 with replaceReLU6)")
    }
    guard let equalized = scales.equalized(graph) else {
      throw MethodError.impossible(
        method: Self.name, node: "weights",
        reason: "scaled weights would not be finite; train with weight decay, or leave the method out")
    }
    var rewrite = Rewrite(inPlace: equalized)
    for name in equalized.parameters.keys where original.parameters[name] == nil {
      rewrite.origin[name] = nil
    }
    return rewrite
  }
}

extension Graph {
  /// The layers whose weights or biases, once scaled, could no longer be represented by their encoding.
  fileprivate var layersThatKeepScale: Set<String> {
    Set(
      nodes.map(\.name).filter { name in
        [ParameterRole.weight, .bias].contains { role in
          guard let encoding = self[role, of: name]?.encoding else { return false }
          return !encoding.afterChannelScaling().isEqual(to: encoding)
        }
      })
  }

  /// The graph with a ReLU in place of each ReLU6.
  fileprivate func replacingReLU6() throws(GraphError) -> Graph {
    var graph = Graph(inputs: inputs)
    for node in nodes {
      try graph.append(node.op is ReLU6 ? ReLU() : node.op, name: node.name, inputs: node.inputs)
    }
    graph.parameters = parameters
    graph.outputs = outputs
    graph.values = values
    return graph
  }
}
