public import Graphs
import LinearAlgebra
import Ops
public import Settings
import Tensors

/// Replaces linear layers by two smaller ones whose outputs on training images are nearest to the layer's.
public struct ActivationSVD: FactorizationMethod {
  /// The name in recipes: `svd-activations`.
  public static let name = "svd-activations"
  /// Changes when results change; part of a trial's address.
  public static let revision = 1
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "replace linear layers by two of low rank that keep the outputs on images",
    description: """
      Like svd-linear, but with the least squared error of the layer's outputs on training images instead of its \
      weights: directions that the inputs never take cost nothing. The weights are weighted by the second moment of \
      the layer's inputs over `images` training images. Energy and ranks refer to the outputs without the bias.
      """,
    formula:
      "min ‖(W - Ŵ)·X‖² at rank r: Ŵ = U_r·U_rᵀ·W, U_r the leading left singular vectors of W·M^½, M = E[x·xᵀ]; "
      + "E‖(W - Ŵ)·x‖² = Σ_{i>r} σ_i²",
    paper:
      "Zhang, Zou, He, Sun, 2016, Accelerating very deep convolutional networks for classification and detection, "
      + "arXiv:1505.06798")

  /// The share of the outputs' squared norm to keep, 0.001...1.
  public var energy = 0.9
  /// The share of the layer's weights to keep, 0.001...1; overrides the energy if given.
  public var keptRatio: Double?
  /// The rule for ranks, a budget, and the fit afterwards.
  public var choice = RankChoice()
  /// True if the layer that makes the graph's output is factorized too.
  public var classifier = false

  /// Creates it with its default settings.
  public init() {}

  /// Settings: `energy`, `keptRatio`, `classifier`, and those of `RankChoice`.
  public static var settings: [Setting<ActivationSVD>] {
    rankSettings + [
      Setting("classifier", \.classifier, "true factorizes the layer that makes the scores too")
    ] + choiceSettings
  }

  /// Activations, and the evidence of the choice of ranks.
  public var evidence: Set<EvidenceKind> { choice.evidence.union([.activations]) }

  /// Refuses the same layers as `SVDLinear`.
  public func applicability(to node: Node, in graph: Graph) -> Applicability {
    var plain = SVDLinear()
    (plain.keptRatio, plain.choice, plain.classifier) = (keptRatio, choice, classifier)
    return plain.applicability(to: node, in: graph)
  }

  /// Takes the singular value decomposition of W·M^½ for each layer, M the second moment of its inputs.
  public func compress(_ compression: inout Compression<ActivationSVD>) throws -> Rewrite {
    try Self.factorize(&compression) { settings, node, compression in
      let moment = try compression.inputMoment(of: node, settings.choice.fit)
      let svd = try compression.graph.weight(of: node).svd(weightedBy: moment)
      return LinearFactors(node, in: compression.graph, by: svd)
    }
  }
}

extension Compression {
  /// The mean of x·xᵀ over training images, and over places of a convolution's output: `[columns, columns]`.
  ///
  /// x holds the inputs that one output is computed from. Throws if the node's inputs cannot be sampled.
  mutating func inputMoment(of node: Node, _ fit: OutputFit) throws -> Tensor {
    guard let layer = SampledLayer.making(node.name, in: graph) else {
      throw MethodError.impossible(
        method: Method.name, node: node.name, reason: "its inputs cannot be observed on images; leave it out")
    }
    let sampler = PlaceSampler(places: fit.places, key: random.next())
    let rows = try sampler.rows(of: [layer], in: graph, images: fit.images, real: true, evidence)[0].tensor
    let count = Float(max(rows.shape[0], 1))
    var moment = try rows.exchangingLeadingAxes().multiplied(by: rows)
    for i in moment.values.indices { moment.values[i] /= count }
    return moment
  }
}

extension Tensor {
  /// The singular value decomposition of W·M^½ for this matrix W `[m, n]` and a second moment M `[n, n]`.
  ///
  /// `left` and `values` are those of W·M^½. `right` is such that left · diag(values) · right is W at full
  /// rank, and W's projection on the leading left vectors at a lower rank.
  func svd(weightedBy moment: Tensor) throws -> SVD {
    let eigen = try moment.eigen()
    let order = shape[1]
    // M^½ = Σ_i √λ_i v_i v_iᵀ, so W·M^½ and W·[√λ_i v_i] have the same left vectors and values.
    let largest = max(eigen.values.first ?? 0, 0)
    guard largest > 0 else { return try svd() }
    // Directions that images never show count a little, so that ties are broken by the weights.
    let floor = largest * 1e-6
    var root = try eigen.vectors.exchangingLeadingAxes()
    for i in root.values.indices {
      root.values[i] *= Float(max(eigen.values[i % order], floor).squareRoot())
    }
    let weighted = try multiplied(by: root).svd()
    var right = try weighted.left.exchangingLeadingAxes().multiplied(by: self)
    for i in right.values.indices {
      let value = weighted.values[i / order]
      right.values[i] = value > 0 ? Float(Double(right.values[i]) / value) : 0
    }
    return SVD(left: weighted.left, values: weighted.values, right: right)
  }
}
