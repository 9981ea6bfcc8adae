public import Graphs
import Settings
import Tensors

/// A method that prunes weights, singly or in groups: masks go around what the weights are stored as.
public protocol WeightPruningMethod: CompressionMethod {
  /// How much, and when.
  var amount: PruningAmount { get set }
  /// What says how much a unit matters.
  var criterion: any Saliency { get }
  /// What is pruned whole.
  var unit: any UnitShape { get }
  /// Prunes units of scores below this many standard deviations of their layer's weights, instead of to a sparsity.
  var threshold: Double? { get }
}

extension WeightPruningMethod {
  public static var family: MethodFamily { .pruning }
  public static var order: PipelineOrder { .sparsity }
  public static var strength: WritableKeyPath<Self, Double>? { \.amount.sparsity }
  public var pacing: Pacing { amount.pacing }
  public var evidence: Set<EvidenceKind> { criterion.evidence.union(amount.scope.evidence) }
  public var unit: any UnitShape { SingleWeights() }
  public var threshold: Double? { nil }

  public func applicability(to node: Node, in graph: Graph) -> Applicability {
    let slots = graph.slots(of: node)
    let prunable = slots.filter(\.slot.isPrunable)
    guard !prunable.isEmpty else {
      return .notApplicable(
        reason: slots.contains(where: \.slot.isTrainable)
          ? "norms and biases are spared: they are few, and each one matters" : "it has no weights")
    }
    let obstacles = prunable.map { name, slot in
      criterion.obstacle(to: UnitSet(parameter: name, shape: slot.shape, unit: unit))
    }
    guard obstacles.contains(where: { $0 == nil }) else {
      return .notApplicable(reason: obstacles.compactMap(\.self).joined(separator: "; "))
    }
    return .applicable
  }

  public func compress(_ compression: inout Compression<Self>) throws -> Rewrite {
    let (graph, weights) = try chosen(&compression)
    return try masked(graph, weights, compression)
  }

  /// The weight tensors that are left to the method with what goes of them at this point, and the network with what the
  /// criterion changes of it to make up for that.
  ///
  /// Throws `nothingToDo` where there are none.
  func chosen(
    _ compression: inout Compression<Self>
  ) throws -> (graph: Graph, weights: [PrunedWeight]) {
    let graph = compression.graph
    var choices: [(set: UnitSet, settings: Self, parameter: Parameter)] = []
    for (node, settings) in compression.layers {
      for (name, parameter) in graph.prunableWeights(of: node) {
        let set = UnitSet(parameter: name, shape: parameter.value.shape, unit: settings.unit)
        guard settings.criterion.obstacle(to: set) == nil else { continue }
        choices.append((set, settings, parameter))
      }
    }
    let judged = choices.map { (set: $0.set, criterion: $0.settings.criterion) }
    let scores = try compression.scores(judged)
    var candidates: [(weight: PrunedWeight, settings: Self)] = []
    var weights: [PrunedWeight] = []
    for (choice, scores) in zip(choices, scores) {
      let settings = choice.settings
      let isGlobal = settings.amount.scope.ranksAcrossLayers
      let scale = isGlobal ? settings.criterion.scale(of: choice.set.kind) : .plain
      var weight = PrunedWeight(
        choice.set, shape: choice.parameter.value.shape, scores: scale.applied(to: scores),
        survivors: choice.parameter.survivors, pattern: settings.unit.pattern)
      guard let threshold = settings.threshold else {
        candidates.append((weight, settings))
        continue
      }
      let factor = threshold * settings.amount.schedule.share(at: compression.progress)
      var ties = 0
      let deviation = Self.standardDeviation(choice.parameter.projected.values)
      weight.prune(below: Double(Float(factor * deviation)), ties: &ties)
      weights.append(weight)
    }
    weights += try Self.pruned(candidates, compression)
    guard !weights.isEmpty else {
      throw MethodError.nothingToDo(method: Self.name, reason: "no layer with weights is left to it")
    }
    let isGone = Dictionary(uniqueKeysWithValues: weights.map { ($0.name, $0.isGone) })
    return (
      try compression.compensated(judged, isGone: judged.map { isGone[$0.set.name] ?? [] }), weights
    )
  }

  /// A graph, that of the compression or what compensates for what goes, with new masks.
  ///
  /// Throws `nothingToDo` where the end is reached with nothing pruned.
  func masked(
    _ graph: Graph, _ weights: [PrunedWeight], _ compression: Compression<Self>
  ) throws -> Rewrite {
    var graph = graph
    var changes = 0
    var pruned = 0
    for weight in weights {
      guard let parameter = graph.parameters[weight.name] else { continue }
      pruned += weight.prunedCount
      let kept = weight.kept
      guard parameter.survivors != kept else { continue }
      changes += 1
      graph.parameters[weight.name] = parameter.masked(by: kept)
    }
    if compression.progress >= 1, changes == 0, pruned == 0 || pacing == .once {
      throw MethodError.nothingToDo(
        method: Self.name,
        reason: pruned == 0
          ? "no weight is below the limit; raise the sparsity"
          : "\(pruned) weights are pruned already, as many as are asked for; raise the sparsity")
    }
    return Rewrite(inPlace: graph)
  }

  /// The standard deviation of all elements around their mean.
  private static func standardDeviation(_ values: [Float]) -> Double {
    let count = Double(max(values.count, 1))
    let mean = values.reduce(0) { $0 + Double($1) } / count
    let variance = values.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / count
    return variance.squareRoot()
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
