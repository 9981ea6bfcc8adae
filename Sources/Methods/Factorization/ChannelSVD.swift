public import Graphs
import LinearAlgebra
import Ops
public import Settings
import Tensors

/// Replaces convolutions by one of fewer filters and a 1x1, by a truncated singular value decomposition.
public struct ChannelSVD: FactorizationMethod {
  /// The name in recipes: `channel-svd`.
  public static let name = "channel-svd"
  /// Changes when results change; part of a trial's address.
  public static let revision = 1
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "replace convolutions by one of fewer filters and a 1x1",
    description: """
      Replaces a convolution of O filters by one of r filters without bias (NAME.reduce), which keeps kernel, \
      stride, padding and dilation, and a 1x1 of O filters, which keeps the bias and the name. The kernel, unfolded \
      to a matrix of filter by (channel, tap), is approximated with the least squared error. With `weighting: \
      outputs` the error is that of the layer's outputs on training images, at sampled places. A 1x1 convolution \
      becomes two. Grouped convolutions stay as they are, because their filters read different channels, and so do \
      layers whose factors would have no fewer parameters, r(I·Kh·Kw + O).
      """,
    formula:
      "W [O, I·Kh·Kw] ≈ U_r·(U_rᵀ·W), U_r the leading left singular vectors of W, or of W·M^½ with M the second moment of "
      + "the filters' inputs; lost: Σ_{i>r} σ_i²",
    paper:
      "Zhang, Zou, He, Sun, 2016, Accelerating very deep convolutional networks for classification and detection, "
      + "arXiv:1505.06798")

  /// The share of the squared norm to keep, 0.001...1.
  public var energy = 0.9
  /// The share of the layer's weights to keep, 0.001...1; overrides the energy if given.
  public var keptRatio: Double?
  /// The rule for ranks, a budget, and the fit afterwards.
  public var choice = RankChoice()
  /// The error to minimize: of the weights, or of the layer's outputs.
  public var weighting = FactorWeighting.weights

  /// Creates it with its default settings.
  public init() {}

  /// Settings: `energy`, `keptRatio`, `weighting`, and those of `RankChoice`.
  public static var settings: [Setting<ChannelSVD>] {
    rankSettings + [
      Setting(
        "weighting", \.weighting,
        "the least squared error is of the layer's weights, or of its outputs on images")
    ] + choiceSettings
  }

  /// Activations for `weighting: outputs`, and the evidence of the choice of ranks.
  public var evidence: Set<EvidenceKind> {
    choice.evidence.union(weighting == .outputs ? [.activations] : [])
  }

  /// Refuses grouped convolutions, and layers with no more weights than their factors of rank 1.
  public func applicability(to node: Node, in graph: Graph) -> Applicability {
    guard let conv = node.op as? Conv2D, let inputs = graph.inputShapes(of: node).first?[1] else {
      return .notApplicable(reason: "it is no convolution")
    }
    if let reason = conv.refusal { return .notApplicable(reason: reason) }
    let (factors, whole) = (
      inputs * conv.kernel.count + conv.filters, conv.filters * inputs * conv.kernel.count
    )
    guard factors < whole else {
      return .notApplicable(reason: "even at rank 1 its factors have \(factors) weights, it has \(whole)")
    }
    return refusal.map { .notApplicable(reason: $0) } ?? .applicable
  }

  /// Replaces each layer by `NAME.reduce` of r filters and a 1x1.
  public func compress(_ compression: inout Compression<ChannelSVD>) throws -> Rewrite {
    try Self.factorize(&compression) { settings, node, compression in
      try ChannelFactors(node, settings, &compression)
    }
  }
}

/// The quantity whose squared error a factorization minimizes.
public enum FactorWeighting: String, Sendable, SettingChoice {
  /// The layer's weights.
  case weights
  /// The layer's outputs on training images.
  case outputs
}

/// A convolution as one of fewer filters and a 1x1.
struct ChannelFactors: SingularFactors {
  let svd: SVD
  private let node: Node
  private let conv: Conv2D
  private let input: String
  private let shape: Shape
  private let reduced: String
  private let bias: Tensor?

  /// Takes a convolution apart; `nil` if the node is none.
  init?(_ node: Node, _ settings: ChannelSVD, _ compression: inout Compression<ChannelSVD>) throws {
    guard let conv = node.op as? Conv2D, let input = node.inputs.first else { return nil }
    let graph = compression.graph
    let weight = try graph.weight(of: node)
    let matrix = weight.reshaped([weight.shape[0], weight.shape.count / weight.shape[0]])
    (self.node, self.conv, self.input, shape) = (node, conv, input, weight.shape)
    switch settings.weighting {
    case .weights: svd = try matrix.svd()
    case .outputs:
      let moment = try compression.inputMoment(of: node, settings.choice.fit)
      svd = try matrix.svd(weightedBy: moment)
    }
    reduced = graph.unusedName(node.name, "reduce")
    bias = graph.projected(node, .bias)
  }

  /// The chain `NAME.reduce` of `rank` filters and the 1x1 of the old name.
  func layers(_ rank: Int, shapesAlone: Bool) -> [NewLayer] {
    var fewer = conv
    (fewer.filters, fewer.bias) = (rank, false)
    var layers = [
      NewLayer(op: fewer, name: reduced, inputs: [input]),
      NewLayer(
        op: Conv2D(filters: conv.filters, kernel: 1, bias: conv.bias), name: node.name, inputs: [reduced]),
    ]
    guard !shapesAlone else { return layers }
    let factors = svd.balancedFactors(rank: rank)
    layers[0].parameters[.weight] = factors.right.reshaped([rank, shape[1], shape[2], shape[3]])
    layers[1].parameters[.weight] = factors.left.reshaped([shape[0], rank, 1, 1])
    layers[1].parameters[.bias] = bias
    return layers
  }
}
