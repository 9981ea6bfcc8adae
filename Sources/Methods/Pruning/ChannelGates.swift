public import Graphs
import Ops
public import Settings
import Tensors

/// Adds gates that choose, image by image, which channels of a convolution are computed.
public struct ChannelGates: CompressionMethod {
  /// The name in recipes: `channel-gates`.
  public static let name = "channel-gates"
  /// The family that rankings show it in: pruning.
  public static let family = MethodFamily.pruning
  /// Changes nodes and shapes.
  public static let order = PipelineOrder.structure
  /// Changes when results change; part of a trial's address.
  public static let revision = 1
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "compute only the channels that each image needs, chosen by gates",
    description: """
      Behind each convolution, its norm and its activation, a gate lets at most round(keep·C) of the C channels \
      pass; the choice differs from image to image. A small estimator makes it from the layer's input: the mean of \
      each channel, and a 1x1 convolution (NAME.saliency). Its outputs, at least 0, scale the open channels \
      (NAME.gate, NAME.gated). Closed channels need not be computed, nor read by the next layer. No weight is \
      removed: the file grows by the estimators. Multiply-adds are counted image by image: at most those of `keep`, \
      fewer where an output of the estimator is 0. The objective `gate-cost` pulls these outputs to zero, so that \
      the work differs between images. Gates start within a tenth of 1, in the order of the filters' sums of \
      magnitudes with norms folded, so that the strongest filters are open first, as in pruning by L1. The stage \
      must train. Exported C of floats, and estimates, skip closed outputs but not closed inputs. Integers, ONNX and \
      TensorFlow Lite have no form for gates: a later quantization and these exports are refused.
      """,
    formula: """
      s = W·mean_ij x[n,:,i,j] + b; gate[n,c] = max(0, 1 + s[c]) for the round(keep·C) largest s, else 0; y = gate·relu(norm(conv(x))); \
      multiply-adds of a layer: open outputs/O · open inputs/I of all
      """,
    paper: """
      Chen, Zhu, Li et al., "Self-adaptive network pruning", 2019, arXiv:1910.08906; estimator and winners: Gao, Zhao, Dudziak, \
      Mullins, Xu, "Dynamic channel pruning: feature boosting and suppression", ICLR 2019, arXiv:1810.05331
      """)

  /// The half-width of the interval around 1 in which gates start.
  private static let spread: Float = 0.1

  /// The largest share of a layer's channels that are open for an image, 0.01...1.
  public var keep = 0.5
  /// True if the convolution that reads the image is gated too.
  public var first = false

  /// Keeps half of the channels open.
  public init() {}

  /// Keeps a share of the channels open.
  public init(keep: Double, first: Bool = false) {
    self.keep = keep
    self.first = first
  }

  /// Settings: `keep`, `first`.
  public static var settings: [Setting<ChannelGates>] {
    [
      Setting("keep", \.keep, in: 0.01...1, "largest share of a layer's channels that are open for an image"),
      Setting("first", \.first, "true gates the convolution that reads the image too"),
    ]
  }

  /// The most channels of a layer that are open for an image; at least 1.
  private func open(of channels: Int) -> Int {
    min(channels, max(1, Int((keep * Double(channels)).rounded())))
  }

  /// Refuses grouped convolutions, layers whose channels must stay, and estimators that cost more than closed
  /// channels save.
  public func applicability(to node: Node, in graph: Graph) -> Applicability {
    guard let traits = ConvolutionTraits(node, in: graph) else {
      return .notApplicable(reason: "it is no convolution")
    }
    if traits.op.groups > 1 {
      return .notApplicable(reason: "it is a convolution of \(traits.op.groups) groups")
    }
    if traits.isFirst, !first {
      return .notApplicable(reason: "it is the first convolution; set first to gate it too")
    }
    guard traits.op.filters > 1 else { return .notApplicable(reason: "it has one channel") }
    guard let end = graph.lastOfLayer(node) else {
      return .notApplicable(reason: "it is gated already")
    }
    guard graph.channelGroups().contains(where: { $0.values.contains(end) }) else {
      return .notApplicable(
        reason: "its channels must stay: they are outputs of the network, or layers tie them")
    }
    // The most that closed channels save in this layer alone.
    let work = graph.cost(of: node).multiplyAdds
    let open = open(of: traits.op.filters)
    let saved = open < traits.op.filters ? work / traits.op.filters * (traits.op.filters - open) : work
    guard traits.inputs * traits.op.filters < saved else {
      return .notApplicable(
        reason:
          "its estimator would take \(traits.inputs * traits.op.filters) multiply-adds, its closed channels save \(saved)"
      )
    }
    return .applicable
  }

  /// Adds `NAME.saliency`, `NAME.gate` and `NAME.gated` to each layer; weights stay.
  public func compress(_ compression: inout Compression<ChannelGates>) throws -> Rewrite {
    let graph = compression.graph
    let key = compression.random.key
    let layers = compression.layers
    guard !layers.isEmpty else {
      throw MethodError.nothingToDo(
        method: Self.name,
        reason: "gates would make no convolution cheaper, or the recipe leaves these convolutions out")
    }
    return try located(Self.name) {
      var gates: [String: [NewLayer]] = [:]
      var gated: [String: NewLayer] = [:]
      let folded = try graph.foldedForInference()
      // A folded layer bears its norm's name.
      let names = Dictionary(
        graph.foldableBatchNorms().map { ($0.producer, $0.norm) }, uniquingKeysWith: { first, _ in first })
      for (node, settings) in layers {
        guard let end = graph.lastOfLayer(node), let layer = folded.node(named: names[node.name] ?? node.name)
        else {
          throw MethodError.impossible(
            method: Self.name, node: node.name,
            reason: "the end of its layer, after norm and activation, is not found; leave it out")
        }
        let (estimator, gate) = settings.gate(
          of: node, in: graph, try folded.weight(of: layer).filterMagnitudes, key: key)
        gates[node.name] = estimator + [gate]
        gated[end] = NewLayer(
          op: Multiply(), name: graph.unusedName(node.name, "gated"), inputs: [end, gate.name])
      }
      return try graph.inserting(gates, behind: gated)
    }
  }

  /// The layers that estimate which channels of a convolution to open, and the gate behind them.
  private func gate(
    of node: Node, in graph: Graph, _ strengths: [Float], key: UInt64
  ) -> (estimator: [NewLayer], gate: NewLayer) {
    let names = ["saliency.mean", "saliency", "gate"].map { graph.unusedName(node.name, $0) }
    let channels = strengths.count
    let estimator = Conv2D(filters: channels, kernel: 1)
    var weight = Tensor(zeros: [channels, graph.inputShapes(of: node).first?[1] ?? 1, 1, 1])
    var random = SeededRandom(seed: key, purpose: "initialize " + names[1])
    let bound = Self.spread / Float(weight.shape[1]).squareRoot()
    for i in weight.values.indices { weight.values[i] = random.uniform(in: -bound...bound) }
    // Biases rise from the weakest filter to the strongest.
    var bias = Tensor(zeros: [channels])
    let order = (0..<channels).sorted { (strengths[$0], $1) < (strengths[$1], $0) }
    for (rank, channel) in order.enumerated() {
      bias.values[channel] = Self.spread * (2 * Float(rank) / Float(max(1, channels - 1)) - 1)
    }
    return (
      [
        NewLayer(op: GlobalAveragePool(), name: names[0], inputs: node.inputs),
        NewLayer(
          op: estimator, name: names[1], inputs: [names[0]], parameters: [.weight: weight, .bias: bias]),
      ],
      NewLayer(op: ChannelGate(open: open(of: channels)), name: names[2], inputs: [names[1]])
    )
  }
}

extension Tensor {
  /// The sum of magnitudes of each slice along the first axis.
  fileprivate var filterMagnitudes: [Float] {
    let count = shape[0] == 0 ? 0 : values.count / shape[0]
    return (0..<shape[0]).map { filter in
      Float(values[filter * count..<(filter + 1) * count].reduce(0.0) { $0 + Double(abs($1)) })
    }
  }
}

extension Graph {
  /// The value at the end of a convolution with the norm and activation that alone read it; `nil` if it is
  /// gated already.
  fileprivate func lastOfLayer(_ node: Node) -> String? {
    var value = node.name
    while true {
      let readers = nodes.filter { $0.inputs.contains(value) }
      guard !outputs.contains(value), readers.count == 1, let reader = readers.first else { return value }
      if reader.op is Multiply,
        nodes.contains(where: { reader.inputs.contains($0.name) && $0.op is ChannelGate })
      {
        return nil
      }
      guard reader.op is BatchNorm || reader.op is any Activation else { return value }
      value = reader.name
    }
  }

  /// The network with layers before some nodes, and products behind some values.
  ///
  /// Nodes that read such a value read the product; outputs of the graph stay as they are.
  fileprivate func inserting(
    _ before: [String: [NewLayer]], behind: [String: NewLayer]
  ) throws(GraphError) -> Rewrite {
    var graph = Graph(inputs: inputs)
    var origin: [String: Origin] = [:]
    var names: [String: String] = [:]
    for node in nodes {
      let inputs = node.inputs.map { names[$0] ?? $0 }
      for layer in before[node.name] ?? [] {
        try graph.append(layer.op, name: layer.name, inputs: layer.inputs.map { names[$0] ?? $0 })
        for (role, value) in layer.parameters { graph[role, of: layer.name] = Parameter(value) }
      }
      try graph.append(node.op, name: node.name, inputs: inputs)
      for (name, _) in slots(of: node) {
        graph.parameters[name] = parameters[name]
        origin[name] = Origin(parameter: name)
      }
      if let product = behind[node.name] {
        names[node.name] = try graph.append(product.op, name: product.name, inputs: product.inputs)
      }
    }
    graph.outputs = outputs
    graph.values = values
    return Rewrite(graph: graph, origin: origin)
  }
}
