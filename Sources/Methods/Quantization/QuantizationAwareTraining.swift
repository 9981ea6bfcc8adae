import Encodings
public import Graphs
import Ops
import Tensors
public import Settings

/// What becomes of batch norms in a training with rounding.
public enum NormHandling: String, Sendable, SettingChoice {
  /// They are folded before it.
  case folded
  /// They follow the batches over the first 0.8 of it, and are folded then.
  case late
}

/// Whether the ranges of values are learned.
public enum RangeLearning: String, Sendable, SettingChoice {
  /// They stay as they were calibrated.
  case fixed
  /// The step between two values is a parameter, taught by the errors of rounding and clipping: learned step size quantization.
  case lsq
  /// The step is a parameter taught by what is clipped alone: the parametrized clipping activation.
  case pact

  var rule: StepRule? {
    switch self {
    case .fixed: nil
    case .lsq: .rounding
    case .pact: .clipping
    }
  }
}

/// Training with the rounding of integers in the forward pass.
public struct QuantizationAwareTraining: CompressionMethod {
  public static let name = "quantization-aware-training"
  public static let family = MethodFamily.quantization
  public static let order = PipelineOrder.values
  public static let revision = 1
  public static let documentation = MethodDocumentation(
    summary: "integer weights and values that the stage's training gets used to",
    description: """
      Places the same grids as post-training-quantization before the stage's training: batch norms are folded, ranges are \
      calibrated on training images, and stay fixed or, with `refits`, are found anew from the present weights and values at points of \
      the stage's training. The training then computes with rounded weights and values; gradients \
      pass through the rounding as if it were not there, and stop where a number is beyond its range. Weights beyond the \
      range are moved to its end at the start. A codebook keeps its clusters, whose numbers are rounded. Where eight bits lose little, fewer become possible. \
      Without its batch norms a deep network bears only small steps: give the stage a tenth of the usual rate or less, and \
      `gradientClip: 1`. With `norms: late` they follow the batches until 0.8 of the training and are folded then, which changes no \
      weight's integer: a norm scales whole channels, and so their scales. Four bits and less need that, or many epochs. With \
      `ranges: lsq` or `pact` the step of each value between layers is learned with the weights up to the same point; inputs and \
      scores keep the calibrated ranges.
      """,
    formula:
      "ŵ = scale · clamp(round(w/scale)), x̂ alike; ∂L/∂w = ∂L/∂ŵ within the range, else 0; w ← w - rate · ∂L/∂w",
    paper: """
      Jacob et al. 2018, arXiv:1712.05877; Bengio, Léonard, Courville 2013, Estimating or propagating gradients through \
      stochastic neurons, arXiv:1308.3432; Esser et al. 2020, Learned step size quantization, arXiv:1902.08153; Choi et al. 2018, \
      PACT, arXiv:1805.06085
      """)

  /// How fine the grids are, and how they are found.
  public var grids = IntegerGrids()
  /// How often in the stage's training all ranges are found anew; those that are learned are not.
  public var refits = 0
  /// What becomes of batch norms.
  public var norms = NormHandling.folded
  /// Whether the ranges of values are learned.
  public var ranges = RangeLearning.fixed

  /// The share of the stage's training over which ranges change: what is left gets used to the last ones.
  static let refittingShare = 0.8

  /// Signed bytes for all.
  public init() {}

  public static var settings: [Setting<QuantizationAwareTraining>] {
    IntegerGrids.settings(\.grids) + [
      Setting(
        "refits", \.refits, in: 0...1000,
        "how often all ranges are found anew, evenly over the first 0.8 of the stage's training"
      ).omittedAsDefault(),
      Setting(
        "norms", \.norms,
        "when batch norms are folded: before the stage's training, or late, at 0.8 of it; without training, at once"
      ).omittedAsDefault(),
      Setting(
        "ranges", \.ranges, "whether ranges of values are fixed, or learned by lsq or pact"
      ).omittedAsDefault(),
    ]
  }
  public static var strength: WritableKeyPath<QuantizationAwareTraining, Double>? { \.grids.savedShare }
  public var evidence: Set<EvidenceKind> { grids.evidence }
  public var pacing: Pacing {
    switch (refits, settles) {
    case (0, false): .once
    case (_, false): .gradual(times: refits + 1, share: Self.refittingShare)
    // The last of equally spaced points lies at the share itself.
    case (_, true):
      .gradual(times: refits + 2, share: Self.refittingShare * Double(refits + 2) / Double(refits + 1))
    }
  }

  /// Whether something that acts in training alone is taken away before its end.
  private var settles: Bool { norms == .late || ranges != .fixed }
  /// How often the method acts.
  private var points: Int { refits + (settles ? 2 : 1) }

  public func applicability(to node: Node, in graph: Graph) -> Applicability { .quantizing(node, in: graph) }

  public func compress(
    _ compression: inout Compression<QuantizationAwareTraining>
  ) throws -> Rewrite {
    let isFirst = compression.progress * Double(points) < 1.5
    let widths = try presentWidths(&compression, isFirst: isFirst)
    let application = compression
    // After the first point a layer bears the name of the norm that was folded into it.
    let producers = Dictionary(
      compression.original.foldableBatchNorms().filter {
        !(application.graph.node(named: $0.norm)?.op is BatchNorm)
      }.map { ($0.norm, $0.producer) },
      uniquingKeysWith: { first, _ in first })
    guard norms == .folded || grids.perChannel else {
      throw MethodError.impossible(
        method: Self.name, node: "norms",
        reason: "late folding gives each channel a scale of its own; leave perChannel on, or norms: folded")
    }
    var quantization = IntegerQuantization(method: Self.name, grids: grids) { widths.of(producers[$0] ?? $0) }
    let isLast = settles && compression.progress >= 1
    quantization.keepsNorms = norms == .late && !isLast
    quantization.keepsGrids = isLast
    var graph = compression.graph
    if ranges != .fixed { (graph, quantization.knownValues) = try graph.withoutLearnedSteps(for: Self.name) }
    if refits > 0, !isLast {
      graph = graph.withRealNumbers { application.settings(for: producers[$0] ?? $0) != nil }
    }
    var rewrite = try quantization.rewrite(graph, compression.evidence)
    // At the first point alone: moved to the ends of every new range, weights would pull it in point after point.
    if isFirst { rewrite.graph.moveMastersIntoRange() }
    if let warning = widths.warning { rewrite.warnings.append(warning) }
    if let rule = ranges.rule, !isLast {
      rewrite.graph = try rewrite.graph.withLearnedSteps(rule, for: Self.name)
      for name in rewrite.graph.parameters.keys where compression.graph.parameters[name] != nil {
        rewrite.origin[name] = rewrite.origin[name] ?? Origin(parameter: name)
      }
    }
    return rewrite
  }

  /// The bits of each layer's weights: found at the first point, and the present ones at later points.
  private func presentWidths(
    _ compression: inout Compression<QuantizationAwareTraining>, isFirst: Bool
  ) throws -> (of: (_ layer: String) -> Int?, warning: String?) {
    let graph = compression.graph
    let application = compression
    let norms = Dictionary(
      compression.original.foldableBatchNorms().map { ($0.producer, $0.norm) },
      uniquingKeysWith: { first, _ in first })
    func present(_ layer: String) -> Int? {
      let weight = graph[.weight, of: layer] ?? norms[layer].flatMap { graph[.weight, of: $0] }
      return weight?.encoding.integers?.bits
    }
    guard !isFirst, grids.meanBits != nil, graph.nodes.contains(where: { present($0.name) != nil }) else {
      return try grids.weightBits(&compression, \.grids) { graph in
        try IntegerQuantization(method: Self.name, grids: grids) { _ in nil }.folded(graph)
      }
    }
    return ({ layer in application.settings(for: layer).map { present(layer) ?? $0.grids.bits } }, nil)
  }
}

extension Graph {
  /// The network with the masters of some layers' weights as they are, on no grid; masks and shared numbers stay.
  fileprivate func withRealNumbers(_ isChosen: (_ node: String) -> Bool) -> Graph {
    var graph = self
    for node in nodes where isChosen(node.name) {
      guard let encoding = graph[.weight, of: node.name]?.encoding else { continue }
      graph[.weight, of: node.name]?.encoding = encoding.withRealNumbers
    }
    return graph
  }

  /// Replaces masters by their projections where they are so far beyond their range that no gradient reaches them.
  mutating func moveMastersIntoRange() {
    for (name, parameter) in parameters {
      var reached = Array(repeating: Float(1), count: parameter.value.values.count)
      var span = reached.mutableSpan
      parameter.encoding.backward(
        &span, masters: parameter.value.values.span, shape: parameter.value.shape)
      let projected = parameter.projected.values
      for i in reached.indices where reached[i] == 0 { parameters[name]?.value.values[i] = projected[i] }
    }
  }
}
