public import Graphs
import Ops
import Tensors
public import Settings

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
      `gradientClip: 1`.
      """,
    formula:
      "ŵ = scale · clamp(round(w/scale)), x̂ alike; ∂L/∂w = ∂L/∂ŵ within the range, else 0; w ← w - rate · ∂L/∂w",
    paper: """
      Jacob et al. 2018, arXiv:1712.05877; Bengio, Léonard, Courville 2013, Estimating or propagating gradients through \
      stochastic neurons, arXiv:1308.3432
      """)

  /// How fine the grids are, and how they are found.
  public var grids = IntegerGrids()
  /// How often in the stage's training all ranges are found anew.
  public var refits = 0

  /// The share of the stage's training over which ranges change: what is left gets used to the last ones.
  static let refittingShare = 0.8

  /// Signed bytes for all.
  public init() {}

  public static var settings: [Setting<QuantizationAwareTraining>] {
    IntegerGrids.settings(\.grids) + [
      Setting(
        "refits", \.refits, in: 0...1000,
        "how often all ranges are found anew, evenly over the first 0.8 of the stage's training"
      ).omittedAsDefault()
    ]
  }
  public static var strength: WritableKeyPath<QuantizationAwareTraining, Double>? { \.grids.savedShare }
  public var evidence: Set<EvidenceKind> { [.activations] }
  public var pacing: Pacing {
    refits == 0 ? .once : .gradual(times: refits + 1, share: Self.refittingShare)
  }

  public func applicability(to node: Node, in graph: Graph) -> Applicability { .quantizing(node, in: graph) }

  public func compress(
    _ compression: inout Compression<QuantizationAwareTraining>
  ) throws -> Rewrite {
    let application = compression
    // After the first point a layer bears the name of the norm that was folded into it.
    let producers = Dictionary(
      compression.original.foldableBatchNorms().filter {
        !(application.graph.node(named: $0.norm)?.op is BatchNorm)
      }.map { ($0.norm, $0.producer) },
      uniquingKeysWith: { first, _ in first })
    let quantization = IntegerQuantization(method: Self.name, grids: grids) {
      application.settings(for: producers[$0] ?? $0)?.grids.bits
    }
    let graph =
      refits == 0
      ? compression.graph
      : compression.graph.withRealNumbers { application.settings(for: producers[$0] ?? $0) != nil }
    var rewrite = try quantization.rewrite(graph, compression.evidence)
    // At the first point alone: moved to the ends of every new range, weights would pull it in point after point.
    if compression.progress * Double(refits + 1) < 1.5 { rewrite.graph.moveMastersIntoRange() }
    return rewrite
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
