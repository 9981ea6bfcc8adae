import Encodings
public import Graphs
import Ops
import Tensors
public import Settings

/// Trains with the rounding of integers in the forward pass.
public struct QuantizationAwareTraining: CompressionMethod {
  /// The name in recipes: `quantization-aware-training`.
  public static let name = "quantization-aware-training"
  /// The family that rankings show it in: quantization.
  public static let family = MethodFamily.quantization
  /// Puts weights or activations on grids of numbers.
  public static let order = PipelineOrder.values
  /// Changes when results change; part of a trial's address.
  public static let revision = 1
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "train with integer weights and values, so that the network adapts to them",
    description: """
      Before the stage's training it sets up the grids of post-training-quantization: batch norms are folded and \
      ranges are calibrated on training images. Ranges stay fixed or, with `refits`, are found again from the \
      present weights and values at points of the stage's training. The training computes with rounded weights and \
      values; gradients pass through the rounding as if it were not there, and are zero where a number is beyond its \
      range. Weights beyond the range are moved to its end at the start. A codebook keeps its clusters; their \
      numbers are rounded. Where eight bits lose little, fewer become possible. A deep network without batch norms \
      needs small steps: give the stage a tenth of the usual learning rate or less, and `gradientClip: 1`. With \
      `norms: late` batch norms follow the batches and are folded after the training. Folding then changes no \
      weight's integer, because a norm scales whole channels and so only their scales. Four bits and fewer need \
      that, or many epochs. With `ranges: lsq` or `pact` the step of each value between layers is learned with the \
      weights; inputs and scores keep the calibrated ranges. With `weightSteps: lsq` the steps of integer weights are \
      learned too. They start at twice the mean magnitude over the root of the largest integer, and weights beyond \
      the range are left there, because the step may grow. Refits leave learned steps alone.
      """,
    formula:
      "ŵ = scale · clamp(round(w/scale)), x̂ alike; ∂L/∂w = ∂L/∂ŵ within the range, else 0; w ← w - rate · ∂L/∂w; lsq: ∂ŵ/∂scale = round(w/scale) - w/scale within, ±m beyond, divided by √(n · m) for n weights and integers up to m",
    paper: """
      Jacob et al. 2018, arXiv:1712.05877; Bengio, Léonard, Courville 2013, Estimating or propagating gradients through \
      stochastic neurons, arXiv:1308.3432; Esser et al. 2020, Learned step size quantization, arXiv:1902.08153; Choi et al. 2018, \
      PACT, arXiv:1805.06085
      """)

  /// The grids of weights and values, and the rules by which they are found.
  public var grids = IntegerGrids()
  /// The handling of norms and ranges while the stage trains.
  public var training = QuantizedTraining()

  /// Takes signed bytes for weights and values.
  public init() {}

  /// Settings: those of `IntegerGrids`, `refits`, `weightSteps`, those of `QuantizedTraining`.
  public static var settings: [Setting<QuantizationAwareTraining>] {
    IntegerGrids.settings(\.grids) + [
      Setting(
        "refits", \.training.refits, in: 0...1000,
        "number of times that all ranges are found again, evenly over the first 0.8 of the stage's training"
      ).ofWholeStage().omittedAsDefault(),
      Setting(
        "weightSteps", \.training.weightSteps,
        "steps of integer weights: fixed at those of the calibration, or learned in training by lsq"
      ).ofWholeStage().omittedAsDefault(),
    ] + QuantizedTraining.settings(\.training)
  }
  /// The strength is the saved share of a 32-bit weight.
  public static var strength: WritableKeyPath<QuantizationAwareTraining, Double>? { \.grids.savedShare }
  /// Activations, and the evidence for the choice of widths.
  public var evidence: Set<EvidenceKind> { grids.evidence }
  /// The mean bits, rounded up, or the bits of all layers.
  public var weightBits: Int? { grids.meanBits.map { Int($0.rounded(.up)) } ?? grids.bits }
  /// Acts once, or again if ranges are found anew or something settles.
  public var pacing: Pacing { training.pacing }
  /// True if norms are folded late or ranges are learned.
  public var settles: Bool { training.settles }

  /// Refuses nodes that vanish in inference and values that a clamp takes up.
  public func applicability(to node: Node, in graph: Graph) -> Applicability { .quantizing(node, in: graph) }

  /// Quantizes as post-training quantization does, finds ranges anew at later points, and settles at the
  /// last.
  public func compress(
    _ compression: inout Compression<QuantizationAwareTraining>
  ) throws -> Rewrite {
    let widths = try presentWidths(&compression)
    let application = compression
    // After the first point a layer bears the name of the norm that was folded into it.
    let producers = compression.producersOfFoldedNorms
    var quantization = IntegerQuantization(method: Self.name, grids: grids) { widths.of(producers[$0] ?? $0) }
    quantization.valueGrids = { application.settings(for: $0)?.grids }
    var rewrite = try training.rewrite(compression, &quantization) {
      application.settings(for: producers[$0] ?? $0) != nil
    }
    // Only at the first point: at every new range, such moves would shrink the range again and again.
    if training.isFirst(compression.progress) { rewrite.graph.moveMastersIntoRange() }
    if let warning = widths.warning { rewrite.warnings.append(warning) }
    return rewrite
  }

  /// The bits of each layer's weights: found at the first point, and the present ones at later points.
  private func presentWidths(
    _ compression: inout Compression<QuantizationAwareTraining>
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
    guard !training.isFirst(compression.progress), grids.meanBits != nil,
      graph.nodes.contains(where: { present($0.name) != nil })
    else {
      return try grids.weightBits(&compression, \.grids) { graph in
        try IntegerQuantization(method: Self.name, grids: grids) { _ in nil }.folded(graph)
      }
    }
    return ({ layer in application.settings(for: layer).map { present(layer) ?? $0.grids.bits } }, nil)
  }
}
