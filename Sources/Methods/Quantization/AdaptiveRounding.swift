import Encodings
public import Graphs
import LinearAlgebra
import Ops
public import Settings
import Tensors

/// Puts weights, biases and values on integers and learns for each weight whether it is rounded up or down.
public struct AdaptiveRounding: CompressionMethod {
  /// The name in recipes: `adaptive-rounding`.
  public static let name = "adaptive-rounding"
  /// The family that rankings show it in: quantization.
  public static let family = MethodFamily.quantization
  /// Puts weights or activations on grids of numbers.
  public static let order = PipelineOrder.values
  /// Changes when results change; part of a trial's address.
  public static let revision = 1
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "post-training quantization with rounding that is learnt layer by layer",
    description: """
      Puts the network on the grids of post-training-quantization, then decides for each weight if it is rounded up \
      or down. Layer by layer, at sampled places of training images, it brings the output of the quantized layer, \
      with its ReLU, near that of the real one; inputs come from the network whose earlier layers are rounded \
      already. Adam learns for each weight a share of a step between 0 and 1; a regularizer, which starts after a \
      fifth of the iterations, presses it to either end. A layer keeps the nearest rounding if that has the smaller \
      error at the sampled places. Masked weights stay zero; codebooks are rounded to the nearest. Overrides may set \
      `bits` and `activationBits` of a layer; the other settings hold for all layers. It helps most at 4 bits and \
      fewer.
      """,
    formula: """
      ŵ = scale · clamp(⌊w/scale⌋ + h(v)), h(v) = clamp(1.2 · sigmoid(v) - 0.1, 0, 1); min over v of the mean over places of \
      |f(W·x) - f(Ŵ·x̂)|² over the mean square of f(W·x), plus regularization · Σ (1 - |2h(v) - 1|^β), β from 20 to 2
      """,
    paper: """
      Nagel, Amjad, van Baalen, Louizos, Blankevoort 2020, Up or down? Adaptive rounding for post-training quantization, \
      arXiv:2004.10568
      """)

  /// The grids of weights and values, and the rules by which they are found.
  public var grids = IntegerGrids()
  /// Updates of each layer's rounding, 1...1,000,000.
  public var iterations = 1_000
  /// Places of each layer's output that are sampled in each image, 1...4096.
  public var places = 10
  /// Places in an update, 1...65,536.
  public var batch = 128
  /// The step of Adam, 1e-6...1.
  public var learningRate = 0.01
  /// The weight of the regularizer that presses shares of a step to 0 or 1, 0...1000.
  public var regularization = 0.01

  /// Takes signed bytes for weights and values.
  public init() {}

  /// Settings: those of `IntegerGrids`, `iterations`, `places`, `batch`, `learningRate`, `regularization`.
  public static var settings: [Setting<AdaptiveRounding>] {
    IntegerGrids.settings(\.grids) + [
      Setting("iterations", \.iterations, in: 1...1_000_000, "updates of the rounding in each layer")
        .ofWholeStage(),
      Setting("places", \.places, in: 1...4096, "places of a layer's output that are sampled in each image")
        .ofWholeStage(),
      Setting("batch", \.batch, in: 1...65_536, "sampled places in an update").ofWholeStage(),
      Setting("learningRate", \.learningRate, in: 1e-6...1, "learning rate of Adam").ofWholeStage(),
      Setting(
        "regularization", \.regularization, in: 0...1000,
        "weight of the regularizer that presses shares of a step to 0 or 1"
      ).ofWholeStage(),
    ]
  }
  /// The strength is the saved share of a 32-bit weight.
  public static var strength: WritableKeyPath<AdaptiveRounding, Double>? { \.grids.savedShare }
  /// Activations, and the evidence for the choice of widths.
  public var evidence: Set<EvidenceKind> { grids.evidence }
  /// The mean bits, rounded up, or the bits of all layers.
  public var weightBits: Int? { grids.meanBits.map { Int($0.rounded(.up)) } ?? grids.bits }

  /// Refuses nodes that vanish in inference and values that a clamp takes up.
  public func applicability(to node: Node, in graph: Graph) -> Applicability { .quantizing(node, in: graph) }

  /// Quantizes as post-training quantization does, then rounds layer after layer to the real layer's outputs.
  public func compress(_ compression: inout Compression<AdaptiveRounding>) throws -> Rewrite {
    let widths = try grids.weightBits(&compression, \.grids) { graph in
      try IntegerQuantization(method: Self.name, grids: grids) { _ in nil }.folded(graph)
    }
    let application = compression
    var quantization = IntegerQuantization(method: Self.name, grids: grids, weightBits: widths.of)
    quantization.valueGrids = { application.settings(for: $0)?.grids }
    var rewrite = try quantization.rewrite(compression.graph, compression.evidence)
    if let warning = widths.warning { rewrite.warnings.append(warning) }
    let real = try quantization.folded(compression.graph)
    let sampler = PlaceSampler(places: places, key: compression.random.next())
    let layers = RoundedLayer.all(of: rewrite.graph, real: real)
    let truth = try sampler.rows(
      of: layers, in: real, images: grids.images, real: false, compression.evidence)
    for (layer, inputs) in zip(layers, truth) {
      let target = try located("\(Self.name): \(layer.node.name)") { try layer.outputs(of: inputs) }
      // Inputs come from the network whose earlier layers are rounded already, so errors do not add up.
      let now = try sampler.rows(
        of: [layer], in: rewrite.graph, images: grids.images, real: false, compression.evidence)[0]
      let rounded = try located("\(Self.name): \(layer.node.name)") { [graph = rewrite.graph] in
        try layer.rounded(inputs: now, target: target, in: graph, self, &compression.random)
      }
      rewrite.graph[.weight, of: layer.node.name]?.value = rounded
    }
    return rewrite
  }
}

/// A layer of a quantized network whose weights are to be rounded.
private struct RoundedLayer: PlaceReader {
  let node: Node
  let product: any ProductOp
  /// The value that it reads.
  let value: String
  /// Places of its output in one image.
  let places: Int
  /// Numbers that each place of its output is computed from, all groups together.
  let columns: Int
  private let outputWidth: Int
  private let weight: Tensor
  private let bias: [Float]?
  private let clamp: (any Activation)?

  /// The layers with integer weights that share no numbers, in the order of the graph.
  ///
  /// The real network has nodes of the same names.
  static func all(of graph: Graph, real: Graph) -> [RoundedLayer] {
    let places = graph.valuePlaces()
    return graph.nodes.compactMap { node in
      guard let product = node.op as? any ProductOp, let parameter = graph[.weight, of: node.name],
        parameter.encoding.integers != nil, let weight = real[.weight, of: node.name]?.projected,
        let output = graph.shape(of: node.name), let input = graph.shape(of: node.inputs[0]),
        product is Conv2D || input.rank == 2
      else { return nil }
      var clamp: (any Activation)?
      if case .fused(let name) = places[node.name] { clamp = graph.node(named: name)?.op as? any Activation }
      return RoundedLayer(
        node: node, product: product, value: node.inputs[0], places: output.spatialCount,
        columns: weight.values.count / weight.shape[0] * product.groups,
        outputWidth: output.rank > 3 ? output[3] : 1, weight: weight,
        bias: real[.bias, of: node.name]?.projected.values, clamp: clamp)
    }
  }

  /// Appends the inputs of a place of an image's output.
  func append(_ place: Int, of image: Int, _ tensor: Tensor, to rows: inout SampledRows) {
    if let conv = product as? Conv2D {
      conv.appendPatch(at: place, width: outputWidth, of: tensor, image: image, to: &rows)
    } else {
      rows.values.append(contentsOf: tensor.values[image * columns..<(image + 1) * columns])
    }
  }

  private var rowsPerGroup: Int { weight.shape[0] / product.groups }
  private var groupColumns: Int { columns / product.groups }

  /// The columns of rows that a group of channels reads: `[rows, columns of the group]`.
  private func inputs(of group: Int, in rows: SampledRows) -> Tensor {
    guard product.groups > 1 else { return rows.tensor }
    let count = rows.values.count / columns
    var values: [Float] = []
    values.reserveCapacity(count * groupColumns)
    for row in 0..<count {
      let start = row * columns + group * groupColumns
      values += rows.values[start..<start + groupColumns]
    }
    return Tensor(values, shape: [count, groupColumns])
  }

  /// The part of numbers by output that belongs to a group.
  private func slice(_ values: [Float], of group: Int) -> [Float] {
    let width = values.count / product.groups
    return Array(values[group * width..<(group + 1) * width])
  }

  /// The outputs of the real layer for sampled rows, clamped, by group: `[rows, outputs of the group]`.
  func outputs(of rows: SampledRows) throws -> [Tensor] {
    try (0..<product.groups).map { group in
      let weights = Tensor(slice(weight.values, of: group), shape: [rowsPerGroup, groupColumns])
      var made = try inputs(of: group, in: rows).multiplied(by: weights.exchangingLeadingAxes())
      let bias = bias.map { slice($0, of: group) }
      for i in made.values.indices {
        let sum = made.values[i] + (bias?[i % rowsPerGroup] ?? 0)
        made.values[i] = clamp?.value(sum) ?? sum
      }
      return made
    }
  }

  /// The weight on its grid with the least error that was found.
  func rounded(
    inputs rows: SampledRows, target: [Tensor], in graph: Graph, _ settings: AdaptiveRounding,
    _ random: inout SeededRandom
  ) throws -> Tensor {
    guard let parameter = graph[.weight, of: node.name], let grid = parameter.encoding.integers else {
      return weight
    }
    let scales = (0..<weight.shape[0]).map { grid.scales[grid.scales.count == 1 ? 0 : $0] }
    let bias = graph[.bias, of: node.name]?.projected.values
    var result = parameter.projected
    for group in 0..<product.groups {
      let problem = RoundingProblem(
        inputs: inputs(of: group, in: rows), target: target[group], weights: slice(weight.values, of: group),
        nearest: slice(parameter.projected.values, of: group), scales: slice(scales, of: group),
        limit: Float(Integer.limit(bits: grid.bits)), bias: bias.map { slice($0, of: group) }, clamp: clamp)
      let found = try problem.solved(settings, &random)
      result.values.replaceSubrange(group * found.count..<(group + 1) * found.count, with: found)
    }
    return result
  }
}
