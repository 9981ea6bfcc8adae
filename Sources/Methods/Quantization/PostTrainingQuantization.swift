public import Graphs
import Ops
public import Settings

/// Integers for weights, biases and values, from weights and a few images, without training.
public struct PostTrainingQuantization: CompressionMethod {
  public static let name = "post-training-quantization"
  public static let family = MethodFamily.quantization
  public static let order = PipelineOrder.values
  public static let revision = 1
  public static let documentation = MethodDocumentation(
    summary: "integer weights and values, calibrated on training images",
    description: """
      Folds batch norms, then puts everything that a device stores on integer grids: weights symmetric with a scale for \
      each output channel, biases in 32 bits with the scale of the products, values with a scale and a zero point. Ranges \
      of values come from training images that are not augmented. A ReLU is computed along with what it reads and shares \
      its encoding; max pooling and flattening keep the encoding of what they read; the outputs' ranges are never clamped, \
      since a tie at the top would lose the decision. Masks of earlier pruning stay, and so do codebooks: their numbers get \
      one scale a layer, and a batch norm behind such a layer is not folded. A layer that the recipe leaves out \
      stays in floats, and so do its output and a network input that only it reads.
      """,
    formula: """
      x ≈ scale · (q - zeroPoint), q = clamp(round(x/scale) + zeroPoint); w ≈ scale[c] · q; bias ≈ scale_x · scale_w[c] · q
      minmax: [min x, max x]; percentile: leaves out (100 - percentile) % at either end; mse: the bounds, multiples of 1/64 \
      of the extremes, with the least Σ (x - x̂)²
      """,
    paper: """
      Jacob et al. 2018, Quantization and training of neural networks for efficient integer-arithmetic-only inference, \
      arXiv:1712.05877; Krishnamoorthi 2018, arXiv:1806.08342
      """)

  /// How fine the grids are, and how they are found.
  public var grids = IntegerGrids()

  /// Signed bytes for all.
  public init() {}

  public static var settings: [Setting<PostTrainingQuantization>] { IntegerGrids.settings(\.grids) }
  public static var strength: WritableKeyPath<PostTrainingQuantization, Double>? { \.grids.savedShare }
  public var evidence: Set<EvidenceKind> { [.activations] }

  public func applicability(to node: Node, in graph: Graph) -> Applicability { .quantizing(node, in: graph) }

  public func compress(
    _ compression: inout Compression<PostTrainingQuantization>
  ) throws -> Rewrite {
    let application = compression
    let quantization = IntegerQuantization(method: Self.name, grids: grids) {
      application.settings(for: $0)?.grids.bits
    }
    return try quantization.rewrite(compression.graph, compression.evidence)
  }
}

extension Applicability {
  /// What quantization of weights and values does to a node.
  static func quantizing(_ node: Node, in graph: Graph) -> Applicability {
    if node.op.valueFlow == .vanishing {
      return .notApplicable(reason: "it does nothing in inference, so nothing of it is stored")
    }
    guard graph.slots(of: node).isEmpty, case .fused(let clamp) = graph.valuePlaces()[node.name] else {
      return .applicable
    }
    return .notApplicable(reason: "its value is not stored: \(clamp) takes it up")
  }
}
