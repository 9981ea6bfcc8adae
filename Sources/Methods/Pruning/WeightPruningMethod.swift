public import Graphs
import Settings
import Tensors

/// A method that prunes weights, singly or in groups, with masks around their stored encodings.
public protocol WeightPruningMethod: CompressionMethod {
  /// The sparsity, and the schedule by which it is reached.
  var amount: PruningAmount { get set }
  /// The criterion that scores units.
  var criterion: any Saliency { get }
  /// The shape of the units that are pruned as a whole.
  var unit: any UnitShape { get }
  /// The limit of scores in standard deviations of the layer's weights; `nil` prunes to the sparsity.
  var threshold: Double? { get }
}

extension WeightPruningMethod {
  /// The family that rankings show it in: pruning.
  public static var family: MethodFamily { .pruning }
  /// Decides which weights are zero.
  public static var order: PipelineOrder { .sparsity }
  /// The strength is the sparsity.
  public static var strength: WritableKeyPath<Self, Double>? { \.amount.sparsity }
  /// Acts at once or on the schedule of the amount.
  public var pacing: Pacing { amount.pacing }
  /// The evidence of the criterion and of the allocation.
  public var evidence: Set<EvidenceKind> { criterion.evidence.union(amount.scope.evidence) }
  /// Single weights.
  public var unit: any UnitShape { SingleWeights() }
  /// Prunes to the sparsity.
  public var threshold: Double? { nil }

  /// Refuses nodes without weights; biases and norms are spared.
  public func applicability(to node: Node, in graph: Graph) -> Applicability {
    let slots = graph.slots(of: node)
    let prunable = slots.filter(\.slot.isPrunable)
    guard !prunable.isEmpty else {
      return .notApplicable(
        reason: slots.contains(where: \.slot.isTrainable)
          ? "norms and biases are not pruned: they are few, and each one matters" : "it has no weights")
    }
    let obstacles = prunable.map { name, slot in
      criterion.obstacle(to: UnitSet(parameter: name, shape: slot.shape, unit: unit))
    }
    guard obstacles.contains(where: { $0 == nil }) else {
      return .notApplicable(reason: obstacles.compactMap(\.self).joined(separator: "; "))
    }
    return .applicable
  }

  /// Scores all units, and masks those of the lowest scores for good.
  public func compress(_ compression: inout Compression<Self>) throws -> Rewrite {
    let (graph, weights) = try chosen(&compression)
    return try masked(graph, weights, compression)
  }

  /// The weight tensors with their present losses, and the network with the criterion's compensation.
  ///
  /// Throws `nothingToDo` if no layer with weights is left to the method.
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
      // Rounded as weights are, so that scores equal to the limit compare as equal.
      weight.prune(below: Double(Float(factor * deviation)), ties: &ties)
      weights.append(weight)
    }
    weights += try Self.pruned(candidates, compression)
    guard !weights.isEmpty else {
      throw MethodError.nothingToDo(
        method: Self.name, reason: "the network has no layers with weights, or the recipe leaves them all out"
      )
    }
    let isGone = Dictionary(uniqueKeysWithValues: weights.map { ($0.name, $0.isGone) })
    return (
      try compression.compensated(judged, isGone: judged.map { isGone[$0.set.name] ?? [] }), weights
    )
  }

  /// The given graph with new masks.
  ///
  /// The graph is that of the compression, or the compensated one. Throws `nothingToDo` at the end if nothing
  /// is pruned.
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
  /// True if single elements may go: those of weights may, biases, norms and statistics may not.
  var isPrunable: Bool { isTrainable && decays }
}

extension Graph {
  /// The weight tensors of a node that may be pruned, with their names.
  func prunableWeights(of node: Node) -> [(name: String, parameter: Parameter)] {
    slots(of: node).compactMap { name, slot in
      guard slot.isPrunable, let parameter = parameters[name] else { return nil }
      return (name, parameter)
    }
  }
}
