public import Graphs
import Ops
public import Settings

/// Puts weights, biases and values on integers, from weights and a few images, without training.
public struct PostTrainingQuantization: CompressionMethod {
  /// The name in recipes: `post-training-quantization`.
  public static let name = "post-training-quantization"
  /// The family that rankings show it in: quantization.
  public static let family = MethodFamily.quantization
  /// Puts weights or activations on grids of numbers.
  public static let order = PipelineOrder.values
  /// Changes when results change; part of a trial's address.
  public static let revision = 1
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "integer weights and values, calibrated on training images",
    description: """
      Folds batch norms, then puts everything that a device stores on integer grids: weights on symmetric grids with \
      a scale for each output channel, biases on 32 bits with the scale of the products, values with a scale and a \
      zero point. Ranges of values come from training images without augmentation. A ReLU is computed together with \
      its input and shares its encoding; max pooling and flattening keep the encoding of their input. The ranges of \
      outputs are never clamped, because a tie at the top would lose the decision. Masks of earlier pruning stay. \
      Codebooks stay too: their numbers get one scale for the layer, and a batch norm behind such a layer is not \
      folded. A layer that the recipe leaves out stays in floats, and so do its output and a network input that only \
      it reads. With `biasCorrection`, layer after layer, biases take up the difference between the mean outputs of \
      the real network and of the network quantized so far. A warning names channels with a large effect that get \
      only a few steps, because larger channels share their grid.
      """,
    formula: """
      x ≈ scale · (q - zeroPoint), q = clamp(round(x/scale) + zeroPoint); w ≈ scale[c] · q; bias ≈ scale_x · scale_w[c] · q
      minmax: [min x, max x]; percentile: leaves out (100 - percentile) % at either end; mse: the bounds, multiples of 1/64 \
      of the extremes, with the least Σ (x - x̂)²; moving-average: m ← 0.9 · m + 0.1 · extreme of a batch; entropy: the share \
      of the extremes with the least Σ p · ln(p/q), p the histogram with numbers beyond the range in its last \
      bins, q its levels, each spread over its bins; \
      biasCorrection: b[c] ← b[c] + mean y[c] - mean ŷ[c]
      """,
    paper: """
      Jacob et al. 2018, Quantization and training of neural networks for efficient integer-arithmetic-only inference, \
      arXiv:1712.05877; Krishnamoorthi 2018, arXiv:1806.08342; entropy: Migacz 2017, 8-bit inference with TensorRT; biases: \
      Nagel et al. 2019, arXiv:1906.04721
      """)

  /// The grids of weights and values, and the rules by which they are found.
  public var grids = IntegerGrids()
  /// True if biases make up for the mean error of each channel.
  public var biasCorrection = false

  /// Takes signed bytes for weights and values.
  public init() {}

  /// Settings: those of `IntegerGrids`, `biasCorrection`.
  public static var settings: [Setting<PostTrainingQuantization>] {
    IntegerGrids.settings(\.grids) + [
      Setting(
        "biasCorrection", \.biasCorrection,
        "true corrects biases by the mean error of each output channel over the calibration images"
      ).ofWholeStage().omittedAsDefault()
    ]
  }
  /// The strength is the saved share of a 32-bit weight.
  public static var strength: WritableKeyPath<PostTrainingQuantization, Double>? { \.grids.savedShare }
  /// Activations, and the evidence for the choice of widths.
  public var evidence: Set<EvidenceKind> { grids.evidence }
  /// The mean bits, rounded up, or the bits of all layers.
  public var weightBits: Int? { grids.meanBits.map { Int($0.rounded(.up)) } ?? grids.bits }

  /// Refuses nodes that vanish in inference and values that a clamp takes up.
  public func applicability(to node: Node, in graph: Graph) -> Applicability { .quantizing(node, in: graph) }

  /// Folds norms, calibrates values and encodes weights and biases; corrects biases if asked to.
  public func compress(
    _ compression: inout Compression<PostTrainingQuantization>
  ) throws -> Rewrite {
    let widths = try grids.weightBits(&compression, \.grids) { graph in
      try IntegerQuantization(method: Self.name, grids: grids) { _ in nil }.folded(graph)
    }
    let application = compression
    var quantization = IntegerQuantization(method: Self.name, grids: grids, weightBits: widths.of)
    quantization.valueGrids = { application.settings(for: $0)?.grids }
    var rewrite = try quantization.rewrite(compression.graph, compression.evidence)
    if let warning = widths.warning { rewrite.warnings.append(warning) }
    if biasCorrection {
      let correction = BiasCorrection(evidence: compression.evidence, images: grids.images)
      rewrite.graph = try correction.corrected(rewrite.graph, real: quantization.folded(compression.graph))
    }
    return rewrite
  }
}

extension Applicability {
  /// Says if quantization of weights and values changes a node.
  static func quantizing(_ node: Node, in graph: Graph) -> Applicability {
    if node.op.valueFlow == .vanishing {
      return .notApplicable(reason: "it does nothing in inference, so its value is not stored")
    }
    guard graph.slots(of: node).isEmpty, case .fused(let clamp) = graph.valuePlaces()[node.name] else {
      return .applicable
    }
    return .notApplicable(reason: "its value is not stored: it is computed together with \(clamp)")
  }
}
