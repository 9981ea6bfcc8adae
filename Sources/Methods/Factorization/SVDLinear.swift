public import Graphs
import LinearAlgebra
import Ops
public import Settings
import Tensors

/// Replaces linear layers by two smaller ones by a truncated singular value decomposition.
public struct SVDLinear: FactorizationMethod {
  /// The name in recipes: `svd-linear`.
  public static let name = "svd-linear"
  /// Changes when results change; part of a trial's address.
  public static let revision = 2
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "replace linear layers by two of low rank (singular value decomposition)",
    description: """
      Replaces a linear layer of O features over I inputs by one of r features without bias (NAME.reduce) and one of \
      O features, which keeps the name and the bias. Together they approximate the weight matrix with the least \
      squared error at that rank. The singular values are divided evenly between both layers; otherwise one of them \
      would start with large gradients. A layer whose factors would have no fewer parameters, r(O + I) against O·I, \
      stays as it is, and so does the layer that makes the scores unless `classifier` is set.
      """,
    formula:
      "W = U·S·Vᵀ ≈ (U_r·√S_r)·(√S_r·V_rᵀ); ‖W - W_r‖² = Σ_{i>r} σ_i²; r least with Σ_{i≤r} σ_i² ≥ energy·Σσ_i²",
    paper:
      "Denton, Zaremba, Bruna, LeCun, Fergus, 2014, Exploiting linear structure within convolutional networks for "
      + "efficient evaluation, arXiv:1404.0736")

  /// The share of the weight's squared norm to keep, 0.001...1.
  public var energy = 0.9
  /// The share of the layer's weights to keep, 0.001...1; overrides the energy if given.
  public var keptRatio: Double?
  /// The rule for ranks, a budget, and the fit afterwards.
  public var choice = RankChoice()
  /// True if the layer that makes the graph's output is factorized too.
  ///
  /// With fewer terms than classes it can no longer tell all of them apart.
  public var classifier = false

  /// Creates it with its default settings.
  public init() {}

  /// Settings: `energy`, `keptRatio`, `classifier`, and those of `RankChoice`.
  public static var settings: [Setting<SVDLinear>] {
    rankSettings + [
      Setting("classifier", \.classifier, "true factorizes the layer that makes the scores too")
    ] + choiceSettings
  }

  /// Refuses layers with no more weights than their factors of rank 1, and the classifier unless asked for.
  public func applicability(to node: Node, in graph: Graph) -> Applicability {
    guard let linear = node.op as? Linear, let inputs = graph.inputShapes(of: node).first?[1] else {
      return .notApplicable(reason: "it is no linear layer")
    }
    let (factors, whole) = (linear.features + inputs, linear.features * inputs)
    guard factors < whole else {
      return .notApplicable(reason: "even at rank 1 its factors have \(factors) weights, it has \(whole)")
    }
    guard classifier || !graph.outputs.contains(node.name) else {
      return .notApplicable(reason: "it makes the scores, and \"classifier\" is off")
    }
    return refusal.map { .notApplicable(reason: $0) } ?? .applicable
  }

  /// Replaces each layer by `NAME.reduce` of r features and one that keeps the name and the bias.
  public func compress(_ compression: inout Compression<SVDLinear>) throws -> Rewrite {
    try Self.factorize(&compression) { _, node, compression in
      try LinearFactors(node, in: compression.graph, by: compression.graph.weight(of: node).svd())
    }
  }
}

/// A linear layer as two, by the singular value decomposition of its weight.
struct LinearFactors: SingularFactors {
  let svd: SVD
  private let node: Node
  private let op: Linear
  private let input: String
  private let reduced: String
  private let bias: Tensor?

  /// Takes a linear layer apart; `nil` if the node is none.
  init?(_ node: Node, in graph: Graph, by svd: SVD) {
    guard let op = node.op as? Linear, let input = node.inputs.first else { return nil }
    (self.node, self.op, self.input, self.svd) = (node, op, input, svd)
    reduced = graph.unusedName(node.name, "reduce")
    bias = graph.projected(node, .bias)
  }

  /// The chain `NAME.reduce` of `rank` features and the layer of the old name.
  func layers(_ rank: Int, shapesAlone: Bool) -> [NewLayer] {
    var layers = [
      NewLayer(op: Linear(features: rank, bias: false), name: reduced, inputs: [input]),
      NewLayer(op: op, name: node.name, inputs: [reduced]),
    ]
    guard !shapesAlone else { return layers }
    let factors = svd.balancedFactors(rank: rank)
    layers[0].parameters[.weight] = factors.right
    layers[1].parameters[.weight] = factors.left
    layers[1].parameters[.bias] = bias
    return layers
  }
}

extension SVD {
  /// The factors `left · √diag` `[m, rank]` and `√diag · right` `[rank, n]`.
  ///
  /// Their product is the nearest matrix of that rank. The even split keeps the gradients of both alike.
  func balancedFactors(rank: Int) -> (left: Tensor, right: Tensor) {
    let kept = Array(0..<rank)
    var columns = left.gathering(kept, axis: 1)
    var rows = right.gathering(kept, axis: 0)
    let roots = values.prefix(rank).map { Float($0.squareRoot()) }
    for index in columns.values.indices { columns.values[index] *= roots[index % rank] }
    for index in rows.values.indices { rows.values[index] *= roots[index / rows.shape[1]] }
    return (columns, rows)
  }
}
