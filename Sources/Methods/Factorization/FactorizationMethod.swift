import Graphs
import LinearAlgebra
import Settings
import Tensors

/// A method that replaces a layer by smaller ones computed from its weights.
public protocol FactorizationMethod: CompressionMethod {
  /// The share of the sum of squared singular values to keep, 0.001...1.
  var energy: Double { get set }
  /// The share of the layer's parameters to keep, 0.001...1; overrides the energy if given.
  var keptRatio: Double? { get set }
  /// The rule for ranks, a budget, and the fit afterwards.
  var choice: RankChoice { get set }
}

extension FactorizationMethod {
  /// The family that rankings show it in: factorization.
  public static var family: MethodFamily { .factorization }
  /// Changes nodes and shapes.
  public static var order: PipelineOrder { .structure }
  /// The strength is the share that is removed: 1 minus the budget, the kept ratio or the energy.
  public static var strength: WritableKeyPath<Self, Double>? { \Self.removedShare }
  /// Activations for a fit, latency where a target is named.
  public var evidence: Set<EvidenceKind> { choice.evidence }
  /// The target on which no layer may become slower.
  public var target: String? { choice.target }

  /// The share that is removed.
  ///
  /// It is of the network if a budget is given, of the layer's parameters if a kept ratio is, else of the
  /// energy.
  var removedShare: Double {
    get { 1 - (choice.budget ?? keptRatio ?? energy) }
    set {
      let kept = min(max(1 - newValue, 0.001), 1)
      if choice.budget != nil {
        choice.budget = kept
      } else if keptRatio != nil {
        keptRatio = kept
      } else {
        energy = kept
      }
    }
  }

  /// Settings of all factorizations: `energy`, `keptRatio`.
  static var rankSettings: [Setting<Self>] {
    [
      Setting(
        "energy", \.energy, in: 0.001...1,
        "least share of the sum of squared singular values that a layer keeps"),
      Setting(
        "keptRatio", \.keptRatio, in: 0.001...1,
        "share of the layer's parameters that is kept; used instead of energy where it is given"),
    ]
  }

  /// Settings of all factorizations that come last: those of `RankChoice`.
  static var choiceSettings: [Setting<Self>] { RankChoice.settings(\.choice) }

  /// The reason why no layer would change with these settings; `nil` if layers may.
  var refusal: String? {
    guard choice.budget == nil, choice.rule == .given, keptRatio == 1 else { return nil }
    return "keptRatio is 1: nothing is removed"
  }

  /// The network with chains in place of the nodes that `factors` takes apart, at the chosen ranks.
  ///
  /// A node stays if its chain would have no fewer parameters, or be no faster on the target, which is warned
  /// of. Throws if no node is replaced.
  static func factorize(
    _ compression: inout Compression<Self>,
    _ factors: (Self, Node, inout Compression<Self>) throws -> (any LayerFactors)?
  ) throws -> Rewrite {
    let layers = compression.layers
    let choice = compression.method.choice
    let budget = choice.budget
    if budget != nil, choice.measure == .latency, choice.target == nil {
      throw MethodError.impossible(
        method: name, node: "budget", reason: "it is a share of the latency; name the \"target\" too")
    }
    let meter = CostMeter(graph: compression.graph, target: choice.target, evidence: compression.evidence)
    var slower: [String] = []
    var candidates: [FactorizedLayer] = []
    for (node, settings) in layers {
      try located("\(name): \(node.name)") {
        guard let parts = try factors(settings, node, &compression) else { return }
        let layer =
          budget == nil
          ? try FactorizedLayer(node, parts, settings, meter)
          : try FactorizedLayer(node, ladderOf: parts, meter)
        let faster = layer.withoutSlower
        if !faster.chains.isEmpty {
          candidates.append(faster)
        } else if !layer.chains.isEmpty {
          slower.append(node.name)
        }
      }
    }
    var warnings: [String] = []
    // Only layers that would be smaller and yet no faster are worth a warning.
    if let target = choice.target, !slower.isEmpty {
      warnings.append(
        "on \(target) \(slower.joined(separator: ", ")) would not become faster and stay as they are")
    }
    if let budget { candidates = try spend(budget, candidates, meter, choice, &warnings) }
    var replacements: [String: [NewLayer]] = [:]
    for layer in candidates {
      replacements[layer.node.name] = try located("\(name): \(layer.node.name)") {
        try layer.chains[0].layers()
      }
    }
    guard !replacements.isEmpty else {
      throw MethodError.nothingToDo(
        method: name, reason: warnings.first ?? nothing(layers.map(\.node.name), budget))
    }
    var rewrite = try located(name) {
      try compression.graph.replacing(replacements, key: compression.random.key)
    }
    rewrite.warnings = warnings
    let fits = layers.filter { $0.settings.choice.reconstruct && replacements[$0.node.name] != nil }
    guard !fits.isEmpty else { return rewrite }
    let parts = fits.map { layer in
      let channels = compression.graph.shape(of: layer.node.name)?[1] ?? 0
      return OutputFit.Part(value: layer.node.name, layer: layer.node.name, channels: 0..<channels)
    }
    return try compression.method.choice.fit.fitted(rewrite, parts, &compression)
  }

  /// The reason why no layer was replaced.
  private static func nothing(_ layers: [String], _ budget: Double?) -> String {
    if layers.isEmpty { return "the network has no layer of a kind that it factorizes" }
    if let budget, budget == 1 { return "a budget of 1 keeps the whole network; lower it" }
    return "at the rank asked for, the factors of \(layers.joined(separator: ", ")) would have no fewer "
      + "parameters than the layers; keep less"
  }

  /// The layers that a budget of the network factorizes, each with the chain that it chose.
  ///
  /// Warns if the budget cannot be reached.
  private static func spend(
    _ budget: Double, _ candidates: [FactorizedLayer], _ meter: CostMeter, _ choice: RankChoice,
    _ warnings: inout [String]
  ) throws -> [FactorizedLayer] {
    let measure = choice.measure
    let total = try meter.cost(of: meter.graph).number(measure)
    let options = try candidates.map { layer in
      try layer.chains.map { chain in
        RankBudget.Option(cost: chain.cost.number(measure), lost: try chain.lost())
      }
    }
    let spent = RankBudget.choose(
      options, whole: candidates.map { $0.whole.number(measure) }, limit: budget * total, of: total)
    if spent.total > budget * total {
      let reached = (1000 * spent.total / total).rounded() / 10
      warnings.append(
        "\(reached) % of the network's \(measure.words) are left at the least ranks, not "
          + "\((1000 * budget).rounded() / 10) %")
    }
    return zip(candidates, spent.choices).compactMap { layer, choice in
      choice.map { FactorizedLayer(layer.node, layer.whole, [layer.chains[$0]]) }
    }
  }
}

/// A layer with the chains that may replace it, each of fewer parameters.
struct FactorizedLayer {
  /// A chain of one rank: its cost, the share of the squared norm that it loses, and its layers when asked
  /// for.
  struct Chain {
    let cost: LayerCost
    let lost: () throws -> Double
    let layers: () throws -> [NewLayer]
  }

  /// The layer that may be replaced.
  let node: Node
  /// The cost of the layer as it is.
  let whole: LayerCost
  /// The chains that may replace the layer, by rank.
  let chains: [Chain]

  /// Makes it of its parts.
  init(_ node: Node, _ whole: LayerCost, _ chains: [Chain]) {
    (self.node, self.whole, self.chains) = (node, whole, chains)
  }

  /// Makes it with one chain, of the rank that a layer's settings choose.
  init<M: FactorizationMethod, F: LayerFactors>(
    _ node: Node, _ factors: F, _ settings: M, _ meter: CostMeter
  ) throws {
    let graph = meter.graph
    let whole = try meter.cost(of: [NewLayer(op: node.op, name: node.name, inputs: node.inputs)])
    // The bias stays in any case, so the kept ratio is of the weights alone.
    let biases = graph[.bias, of: node.name]?.value.shape.count ?? 0
    let rank: F.Rank
    switch (settings.choice.rule, settings.keptRatio) {
    case (.bayesian, _): rank = try factors.bayesianRank()
    case (.given, let ratio?):
      rank = try factors.rank(
        keeping: ratio,
        of: { try graph.cost(of: factors.layers($0, shapesAlone: true)).parameters - biases },
        whole: whole.parameters - biases)
    case (.given, nil): rank = try factors.rank(holding: settings.energy)
    }
    try self.init(node, whole, Self.smaller([rank], than: whole, factors, meter))
  }

  /// The layer without the chains that are no faster than it on the target; all of them without a target.
  var withoutSlower: FactorizedLayer {
    FactorizedLayer(node, whole, chains.filter { ($0.cost.latencyMs ?? 0) < (whole.latencyMs ?? 1) })
  }

  /// Makes it with chains of up to `steps` ranks, from the least on.
  init<F: LayerFactors>(_ node: Node, ladderOf factors: F, _ meter: CostMeter) throws {
    let whole = try meter.cost(of: [NewLayer(op: node.op, name: node.name, inputs: node.inputs)])
    let ranks = factors.ranks
    var steps: [Int] = []
    for step in 0..<factors.steps {
      // Ranks go with the square of the step: between small ranks losses differ the most.
      let share = Double(step) / Double(factors.steps - 1)
      let index = Int((Double(ranks.count - 1) * share * share).rounded())
      if steps.last != index { steps.append(index) }
    }
    try self.init(node, whole, Self.smaller(steps.map { ranks[$0] }, than: whole, factors, meter))
  }

  /// The chains of those ranks that have fewer parameters than the layer.
  private static func smaller<F: LayerFactors>(
    _ ranks: [F.Rank], than whole: LayerCost, _ factors: F, _ meter: CostMeter
  ) throws -> [Chain] {
    try ranks.compactMap { rank in
      let cost = try meter.cost(of: factors.layers(rank, shapesAlone: true))
      guard cost.parameters < whole.parameters else { return nil }
      return Chain(
        cost: cost, lost: { try factors.lost(rank) },
        layers: { try factors.layers(rank, shapesAlone: false) })
    }
  }
}

/// The cost of layers: parameters, multiply-adds and latency.
struct LayerCost {
  let parameters: Int
  let multiplyAdds: Int
  /// Milliseconds on the target; `nil` if none is named.
  var latencyMs: Double?

  /// The parameters and multiply-adds of a whole network.
  init(_ graph: Graph) {
    parameters = graph.parameterCount
    multiplyAdds = graph.multiplyAdds
  }

  /// The number that a budget counts.
  func number(_ measure: RankChoice.Measure) -> Double {
    switch measure {
    case .parameters: Double(parameters)
    case .multiplyAdds: Double(multiplyAdds)
    case .latency: latencyMs ?? 0
    }
  }
}

/// Computes costs of layers of a network, also on a target if one is named.
struct CostMeter {
  let graph: Graph
  let target: String?
  let evidence: any Evidence

  /// The cost of a network or a part of one.
  func cost(of graph: Graph) throws -> LayerCost {
    var cost = LayerCost(graph)
    if let target { cost.latencyMs = try evidence.latencyMs(of: graph, on: target) }
    return cost
  }

  /// The cost of a chain of layers that reads values of the network.
  ///
  /// Weights are all 1: a cost model must not skip zeros that the real factors do not have.
  func cost(of layers: [NewLayer]) throws -> LayerCost {
    var alone = try graph.alone(layers)
    for node in alone.nodes {
      for (name, slot) in alone.slots(of: node) {
        alone.parameters[name] = Parameter(Tensor(repeating: 1, shape: slot.shape))
      }
    }
    return try cost(of: alone)
  }
}

extension RankChoice.Measure {
  /// The measure in messages.
  fileprivate var words: String {
    switch self {
    case .parameters: "parameters"
    case .multiplyAdds: "multiply-adds"
    case .latency: "latency"
    }
  }
}

extension Graph {
  /// The parameters and multiply-adds of a chain of layers that reads values of this network.
  func cost(of layers: [NewLayer]) throws(GraphError) -> LayerCost { LayerCost(try alone(layers)) }

  /// A chain of layers as a graph, with inputs of the shapes that it reads here.
  fileprivate func alone(_ layers: [NewLayer]) throws(GraphError) -> Graph {
    let made = Set(layers.map(\.name))
    var inputs: [GraphInput] = []
    for name in layers.flatMap(\.inputs)
    where !made.contains(name) && !inputs.contains(where: { $0.name == name }) {
      guard let shape = shape(of: name) else { continue }
      inputs.append(GraphInput(name: name, shape: Shape(Array(shape.dimensions.dropFirst()))))
    }
    var graph = Graph(inputs: inputs)
    for layer in layers {
      try graph.append(layer.op, name: layer.name, inputs: layer.inputs)
    }
    if let last = layers.last { graph.outputs = [last.name] }
    return graph
  }
}
