import Encodings
import Graphs
import Ops
public import Settings
import Tensors

/// The handling of batch norms in a training with rounding.
public enum NormHandling: String, Sendable, SettingChoice {
  /// Norms are folded before the training.
  case folded
  /// Norms follow the batches, and are folded when the training is done.
  ///
  /// A step that is small for a layer behind its norm may be large for the folded layer.
  case late
}

/// The way in which ranges of values are learned, if at all.
public enum RangeLearning: String, Sendable, SettingChoice {
  /// Ranges stay as they were calibrated.
  case fixed
  /// The step between two values is a parameter that learns from errors of rounding and clipping.
  ///
  /// **Paper**: Esser et al., "Learned step size quantization", 2020, arXiv:1902.08153.
  case lsq
  /// The step is a parameter that learns from clipping alone.
  ///
  /// **Paper**: Choi et al., "PACT: parameterized clipping activation for quantized neural networks", 2018,
  /// arXiv:1805.06085.
  case pact

  /// The rule of the op that learns steps; `nil` if ranges are fixed.
  var rule: StepRule? {
    switch self {
    case .fixed: nil
    case .lsq: .rounding
    case .pact: .clipping
    }
  }
}

/// The way in which steps of integer weights are learned, if at all.
public enum WeightStepLearning: String, Sendable, SettingChoice {
  /// Steps stay as they were found.
  case fixed
  /// Steps are parameters that learn from errors of rounding and clipping.
  ///
  /// **Paper**: Esser et al., "Learned step size quantization", 2020, arXiv:1902.08153.
  case lsq
}

/// The handling of ranges and norms while a quantized network trains.
public struct QuantizedTraining: Sendable, Equatable {
  /// The number of times that ranges are found anew; learned ranges are not.
  public var refits = 0
  /// The handling of batch norms.
  public var norms = NormHandling.folded
  /// The way in which ranges of values are learned, if at all.
  public var ranges = RangeLearning.fixed
  /// The way in which steps of integer weights are learned, if at all.
  public var weightSteps = WeightStepLearning.fixed

  /// The share of the stage's training over which ranges are found anew; the rest adapts to the last ones.
  static let share = 0.8

  /// Finds ranges once and folds norms before the training.
  public init() {}

  /// Settings: `norms`, `ranges`.
  static func settings<Owner>(_ path: WritableKeyPath<Owner, QuantizedTraining>) -> [Setting<Owner>] {
    [
      Setting(
        "norms", path.appending(path: \.norms),
        "the time at which batch norms are folded: before the stage's training (folded), or after it (late)"
      ).ofWholeStage().omittedAsDefault(),
      Setting(
        "ranges", path.appending(path: \.ranges),
        "ranges of values: fixed at the calibrated ones, or learned in training by lsq or pact"
      ).ofWholeStage().omittedAsDefault(),
    ]
  }

  /// Once, or at `refits + 1` points over 0.8 of the training.
  var pacing: Pacing {
    refits == 0 && !settles ? .once : .gradual(times: refits + 1, share: Self.share)
  }

  /// True if something that acts in training alone is taken away when it is done.
  var settles: Bool { norms == .late || ranges != .fixed || weightSteps != .fixed }
  /// The number of times that a method acts.
  private var points: Int { refits + (settles ? 2 : 1) }

  /// True if a method acts for the first time: its progress is a multiple of 1/points.
  func isFirst(_ progress: Double) -> Bool { progress * Double(points) < 1.5 }

  /// The network after one of a method's points; `isChosen` says which layers it quantizes.
  ///
  /// Throws for norms that are folded late into weights with one scale for all channels.
  func rewrite<Method: CompressionMethod>(
    _ compression: Compression<Method>, _ quantization: inout IntegerQuantization,
    isChosen: (_ layer: String) -> Bool
  ) throws -> Rewrite {
    guard
      norms == .folded || quantization.grids.perChannel || compression.original.foldableBatchNorms().isEmpty
    else {
      throw MethodError.impossible(
        method: Method.name, node: "norms",
        reason: "late folding gives each channel its own scale; set perChannel: true, or norms: folded")
    }
    let isLast = settles && compression.progress >= 1
    let learnsSteps = weightSteps == .lsq && !isLast
    quantization.keepsNorms = norms == .late && !isLast
    quantization.keepsGrids = isLast || (learnsSteps && !isFirst(compression.progress))
    quantization.startsSteps = learnsSteps
    var graph = try compression.graph.settlingWeightSteps(for: Method.name)
    if ranges != .fixed {
      (graph, quantization.knownValues) = try graph.withoutLearnedSteps(for: Method.name)
    }
    if isLast {
      // The weights have adapted to these ranges and their clipping.
      for (name, encoding) in graph.values where quantization.knownValues[name] == nil {
        quantization.knownValues[name] = encoding as? IntegerValue
      }
    }
    if refits > 0, !isLast {
      graph = graph.withRealNumbers { [graph, keepsGrids = quantization.keepsGrids] layer in
        isChosen(layer) && !(keepsGrids && graph[.weight, of: layer]?.encoding.integers != nil)
      }
    }
    var rewrite = try quantization.rewrite(graph, compression.evidence)
    if learnsSteps { rewrite.graph = rewrite.graph.learningWeightSteps(isChosen) }
    if let rule = ranges.rule, !isLast {
      rewrite.graph = try rewrite.graph.withLearnedSteps(rule, for: Method.name)
    }
    if learnsSteps || (ranges != .fixed && !isLast) {
      for name in rewrite.graph.parameters.keys where compression.graph.parameters[name] != nil {
        rewrite.origin[name] = rewrite.origin[name] ?? Origin(parameter: name)
      }
    }
    return rewrite
  }
}

extension Compression {
  /// The original names of layers into which norms were folded, by their present name, which is the norm's.
  var producersOfFoldedNorms: [String: String] {
    Dictionary(
      original.foldableBatchNorms().filter { !(graph.node(named: $0.norm)?.op is BatchNorm) }
        .map { ($0.norm, $0.producer) }, uniquingKeysWith: { first, _ in first })
  }
}

extension Graph {
  /// The network with the masters of some layers' weights as they are, on no grid; masks and shared numbers
  /// stay.
  fileprivate func withRealNumbers(_ isChosen: (_ node: String) -> Bool) -> Graph {
    var graph = self
    for node in nodes where isChosen(node.name) {
      guard let encoding = graph[.weight, of: node.name]?.encoding else { continue }
      graph[.weight, of: node.name]?.encoding = encoding.withRealNumbers
    }
    return graph
  }

  /// Replaces masters by their projections where they are so far beyond their range that no gradient reaches
  /// them.
  mutating func moveMastersIntoRange() {
    for (name, parameter) in parameters where !(parameter.encoding is any LearnedGrid) {
      // Where the encoding's backward pass turns a gradient of 1 into 0, the master is beyond its range.
      var reached = Array(repeating: Float(1), count: parameter.value.values.count)
      var span = reached.mutableSpan
      parameter.encoding.backward(
        &span, masters: parameter.value.values.span, shape: parameter.value.shape)
      let projected = parameter.projected.values
      for i in reached.indices where reached[i] == 0 { parameters[name]?.value.values[i] = projected[i] }
    }
  }
}
