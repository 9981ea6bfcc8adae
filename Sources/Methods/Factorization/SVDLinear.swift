public import Graphs
import LinearAlgebra
import Ops
public import Settings
import Tensors

/// Linear layers as two smaller ones by a truncated singular value decomposition.
public struct SVDLinear: FactorizationMethod {
  public static let name = "svd-linear"
  public static let revision = 2
  public static let documentation = MethodDocumentation(
    summary: "linear layers become two of low rank by the singular value decomposition",
    description: """
      Replaces a linear layer of O features over I inputs by one of r features without bias (NAME.reduce) and one of O \
      features, which keeps the name and the bias. Of all pairs of that size, the two hold the weight matrix with the \
      least squared error; the singular values are shared evenly between them, so that neither starts with large \
      gradients. A layer whose two parts would have no fewer parameters, r(O + I) against O·I, is left alone, and so \
      is the classifier unless it is asked for.
      """,
    formula:
      "W = U·S·Vᵀ ≈ (U_r·√S_r)·(√S_r·V_rᵀ); ‖W - W_r‖² = Σ_{i>r} σ_i²; r least with Σ_{i≤r} σ_i² ≥ energy·Σσ_i²",
    paper:
      "Denton, Zaremba, Bruna, LeCun, Fergus, 2014, Exploiting linear structure within convolutional networks for "
      + "efficient evaluation, arXiv:1404.0736")

  public var energy = 0.9
  public var keptRatio: Double?
  /// Whether the layer that makes the graph's output is factorized too: below as many terms as classes it can no longer
  /// tell all of them apart.
  public var classifier = false

  public init() {}

  public static var settings: [Setting<SVDLinear>] {
    rankSettings + [
      Setting("classifier", \.classifier, "whether the layer that makes the logits is factorized too")
    ]
  }

  public func applicability(to node: Node, in graph: Graph) -> Applicability {
    guard let linear = node.op as? Linear, let inputs = graph.inputShapes(of: node).first?[1] else {
      return .notApplicable(reason: "it is no linear layer")
    }
    let (factors, whole) = (linear.features + inputs, linear.features * inputs)
    guard factors < whole else {
      return .notApplicable(reason: "even at rank 1 its factors have \(factors) weights, it has \(whole)")
    }
    guard classifier || !graph.outputs.contains(node.name) else {
      return .notApplicable(reason: "it makes the logits, and \"classifier\" is off")
    }
    if let keptRatio, keptRatio == 1 { return .notApplicable(reason: "keptRatio is 1: nothing is removed") }
    return .applicable
  }

  public func compress(_ compression: inout Compression<SVDLinear>) throws -> Rewrite {
    let graph = compression.graph
    return try Self.factorize(compression) { settings, node in
      try settings.factors(of: node, in: graph)
    }
  }

  /// The layers in place of a node; none where they would have as many parameters.
  private func factors(of node: Node, in graph: Graph) throws -> [NewLayer] {
    guard var expand = node.op as? Linear, let input = node.inputs.first else { return [] }
    let weight = try graph.weight(of: node)
    let svd = try weight.svd()
    let termCost = weight.shape[0] + weight.shape[1]
    let rank = rule.rank(of: svd.values, termCost: termCost, cost: weight.shape.count)
    guard rank * termCost < weight.shape.count else { return [] }
    let factors = svd.balancedFactors(rank: rank)
    expand.features = weight.shape[0]
    let reduced = graph.unusedName(node.name, "reduce")
    var parameters: [ParameterRole: Tensor] = [.weight: factors.left]
    parameters[.bias] = graph.projected(node, .bias)
    return [
      NewLayer(
        op: Linear(features: rank, bias: false), name: reduced, inputs: [input],
        parameters: [.weight: factors.right]),
      NewLayer(op: expand, name: node.name, inputs: [reduced], parameters: parameters),
    ]
  }
}

extension SVD {
  /// `left · √diag` `[m, rank]` and `√diag · right` `[rank, n]`: their product is the nearest matrix of that rank.
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
