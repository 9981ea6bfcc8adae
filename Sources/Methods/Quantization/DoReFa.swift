import Encodings
public import Graphs
import Ops
public import Settings
import Tensors

/// The kind of numbers that a layer's weights become.
public enum TangentNumbers: String, Sendable, SettingChoice {
  /// Evenly spaced numbers in the normalized hyperbolic tangent.
  case tangent
  /// Signed bytes, when the training is done, for layers that few bits harm most.
  case bytes
}

/// Trains weights of few bits by their normalized tangent, and rectified values of few bits in a fixed range.
public struct DoReFa: CompressionMethod {
  /// The name in recipes: `dorefa`.
  public static let name = "dorefa"
  /// The family that rankings show it in: quantization.
  public static let family = MethodFamily.quantization
  /// Puts weights or activations on grids of numbers.
  public static let order = PipelineOrder.values
  /// Changes when results change; part of a trial's address.
  public static let revision = 1
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "weights of few bits by their normalized tangent, and rectified values in a fixed range",
    description: """
      The stage's training computes with weights rounded to 2^bits evenly spaced numbers in their hyperbolic tangent, \
      which reach from minus to plus the largest one of the teacher; none is zero. Values behind rectifiers are \
      clipped to 0...`clip` and rounded to `activationBits`. Gradients pass through the rounding. Batch norms follow \
      the batches and stay behind layers of such weights. When the training is done, these layers have codebooks of \
      integers, two to seven bits a weight; other values, biases, and layers with `numbers: bytes` in their overrides, \
      as the first and the last should be, get eight bits as in post-training-quantization. A clip of 1 is the \
      paper's; networks trained with larger values need a larger one, or many epochs. Gradients are not rounded: that \
      makes the training cheaper on special hardware, and changes nothing in the student.
      """,
    formula: """
      w = s · (2 · q(tanh(m)/(2 · max |tanh(m)|) + 1/2) - 1), q(r) = round(n · r)/n, n = 2^bits - 1; x̂ = clip · q(clamp(x/clip, 0, 1))
      """,
    paper: """
      Zhou, Wu, Ni, Zhou, Wen, Zou 2016, DoReFa-Net: training low bitwidth convolutional neural networks with low bitwidth \
      gradients, arXiv:1606.06160
      """)

  /// The kind of numbers: of the tangent, or bytes.
  public var numbers = TangentNumbers.tangent
  /// Bits of weights, 2...7.
  public var bits = 4
  /// Bits of rectified values, 1...8.
  public var activationBits = 4
  /// The end of the range of rectified values, 0.1...1000.
  public var clip = 1.0
  /// The least number of training images to calibrate the other values on.
  public var images = 512

  /// Takes four bits for weights and rectified values.
  public init() {}

  /// Settings: `numbers`, `bits`, `activationBits`, `clip`, `images`.
  public static var settings: [Setting<DoReFa>] {
    [
      Setting(
        "numbers", \.numbers, "the weights: tangent, or bytes for layers that suffer most from few bits"),
      Setting("bits", \.bits, in: 2...7, "bits of weights"),
      Setting("activationBits", \.activationBits, in: 1...8, "bits of values behind rectifiers")
        .ofWholeStage(),
      Setting("clip", \.clip, in: 0.1...1000, "end of the range of values behind rectifiers").ofWholeStage(),
      Setting(
        "images", \.images, in: 1...1_000_000,
        "least number of training images to calibrate the other values on"
      ).ofWholeStage(),
    ]
  }

  /// Activations.
  public var evidence: Set<EvidenceKind> { [.activations] }
  /// Acts before the stage's training.
  public var pacing: Pacing { .gradual(times: 1, share: 1) }
  /// True: numbers become integers when the training is done.
  public var settles: Bool { true }
  /// The bits of weights, or eight for bytes.
  public var weightBits: Int? { numbers == .tangent ? bits : 8 }

  /// Refuses nodes that vanish in inference and values that a clamp takes up.
  public func applicability(to node: Node, in graph: Graph) -> Applicability { .quantizing(node, in: graph) }

  /// Starts both kinds of rounding, and puts the network on integers when the training is done.
  public func compress(_ compression: inout Compression<DoReFa>) throws -> Rewrite {
    let application = compression
    var graph = compression.graph
    for node in graph.nodes where node.op is any ProductOp {
      guard let settings = application.settings(for: node.name), settings.numbers == .tangent else {
        continue
      }
      try settings.start(node, in: &graph)
    }
    for (name, grid) in clippedValues(application) { graph.values[name] = grid }
    guard compression.progress >= 1 else { return Rewrite(inPlace: graph) }
    return try settled(graph, application)
  }

  /// Gives a layer the encoding that it trains with, if it has another.
  private func start(_ node: Node, in graph: inout Graph) throws {
    let weight = try located(Self.name) { [graph] in try graph.parameter(.weight, of: node) }
    guard !(weight.encoding is TanhNormalized) else { return }
    try weight.encoding.requireRealNumbers(Self.name, node.name)
    guard weight.value.values.allSatisfy(\.isFinite) else {
      throw MethodError.impossible(
        method: Self.name, node: node.name, reason: "its weights are not all finite")
    }
    // A layer of zeros has no scale, and becomes bytes.
    guard let encoding = TanhNormalized(bits: bits, startingAt: weight) else { return }
    graph[.weight, of: node.name]?.encoding = encoding
  }

  /// The grids of rectified values, but for those of nodes that the recipe leaves out.
  private func clippedValues(_ application: Compression<DoReFa>) -> [String: IntegerValue] {
    let graph = application.graph
    let steps = Float(1 << activationBits - 1)
    let grid = IntegerValue(
      bits: activationBits, scale: Float(clip) / steps, zeroPoint: -(1 << (activationBits - 1)))
    var real: Set<String> = []
    var grids: [String: IntegerValue] = [:]
    for node in graph.nodes {
      let isClamp = node.op.valueFlow == .clamping
      if application.settings(for: node.name) == nil || (isClamp && real.contains(node.inputs[0])) {
        real.insert(node.name)
      } else if isClamp, !graph.outputs.contains(node.name) {
        grids[node.name] = grid
      }
    }
    return grids
  }

  /// The network on integers, with the numbers that weights and rectified values were trained with.
  private func settled(_ trained: Graph, _ application: Compression<DoReFa>) throws -> Rewrite {
    var graph = trained
    var grids: [String: Integer] = [:]
    for node in trained.nodes {
      guard let weight = trained[.weight, of: node.name],
        let encoding = weight.encoding as? TanhNormalized
      else { continue }
      guard let settled = encoding.settled(weight.value) else {
        throw MethodError.impossible(
          method: Self.name, node: node.name, reason: "its weights are not finite; lower the learning rate")
      }
      graph[.weight, of: node.name] = settled
      grids[node.name] = encoding.grid
    }
    var others = IntegerGrids()
    others.images = images
    var quantization = IntegerQuantization(method: Self.name, grids: others) { layer in
      application.settings(for: layer) == nil ? nil : 8
    }
    quantization.observesReal = false
    quantization.knownValues = graph.values.compactMapValues { $0 as? IntegerValue }
    quantization.weightNumbers = { layer, weight, floors, sharesNumbers in
      if let grid = grids[layer], sharesNumbers {
        let scale = max(grid.scales[0], floors.max() ?? 0)
        return Integer.problem(bits: grid.bits, scales: [scale]) == nil
          ? (Integer(bits: grid.bits, scales: [scale]), [scale]) : nil
      }
      let bytes = WeightGrid(bits: 8, perChannel: !sharesNumbers, minimizesError: true)
      return bytes.encoding(of: weight, floors: floors).map { ($0, $0.scales) }
    }
    return try quantization.rewrite(graph, application.evidence)
  }
}
