public import Graphs
import LinearAlgebra
import Ops
public import Settings
import Tensors

/// Convolutions as a column of taps followed by a row of taps, by a truncated singular value decomposition.
public struct SpatialSVD: FactorizationMethod {
  public static let name = "spatial-svd"
  public static let revision = 1
  public static let documentation = MethodDocumentation(
    summary: "convolutions become a vertical and a horizontal one of low rank",
    description: """
      Replaces a convolution of Kh x Kw by one of Kh x 1 with r filters and no bias (NAME.reduce), which takes the vertical \
      stride, padding and dilation, and one of 1 x Kw, which takes the horizontal ones, keeps the bias and the name. The \
      kernel, unfolded to a matrix of (input channel, row) by (filter, column), is approximated with the least squared \
      error. A layer whose two parts would have no fewer parameters, r(I·Kh + O·Kw), is left alone; convolutions of \
      groups and kernels of one row or one column are refused.
      """,
    formula:
      "M[(i,u),(o,v)] = K[o,i,u,v] ≈ Σ_{j≤r} σ_j p_j q_jᵀ; ‖K - K_r‖² = Σ_{j>r} σ_j²; parameters r(I·Kh + O·Kw)",
    paper:
      "Jaderberg, Vedaldi, Zisserman, 2014, Speeding up convolutional neural networks with low rank expansions, "
      + "arXiv:1405.3866")

  public var energy = 0.9
  public var keptRatio: Double?

  public init() {}

  public static var settings: [Setting<SpatialSVD>] { rankSettings }

  public func applicability(to node: Node, in graph: Graph) -> Applicability {
    guard let conv = node.op as? Conv2D, let inputs = graph.inputShapes(of: node).first?[1] else {
      return .notApplicable(reason: "it is no convolution")
    }
    if let reason = conv.refusal { return .notApplicable(reason: reason) }
    guard conv.kernel.height > 1, conv.kernel.width > 1 else {
      return .notApplicable(reason: "its kernel of \(conv.kernel) has one row or one column")
    }
    let cost = Self.termCost(conv, inputs: inputs)
    guard cost < conv.filters * inputs * conv.kernel.count else {
      return .notApplicable(reason: "even at rank 1 its factors have \(cost) weights")
    }
    if let keptRatio, keptRatio == 1 { return .notApplicable(reason: "keptRatio is 1: nothing is removed") }
    return .applicable
  }

  private static func termCost(_ conv: Conv2D, inputs: Int) -> Int {
    inputs * conv.kernel.height + conv.filters * conv.kernel.width
  }

  public func compress(_ compression: inout Compression<SpatialSVD>) throws -> Rewrite {
    let graph = compression.graph
    return try Self.factorize(compression) { settings, node in
      try settings.factors(of: node, in: graph)
    }
  }

  /// The layers in place of a node; none where they would have as many parameters.
  private func factors(of node: Node, in graph: Graph) throws -> [NewLayer] {
    guard let conv = node.op as? Conv2D, let input = node.inputs.first else { return [] }
    let weight = try graph.weight(of: node)
    let svd = try Self.unfolded(weight).svd()
    let termCost = Self.termCost(conv, inputs: weight.shape[1])
    let rank = rule.rank(of: svd.values, termCost: termCost, cost: weight.shape.count)
    guard rank * termCost < weight.shape.count else { return [] }
    let factors = svd.balancedFactors(rank: rank)
    let reduced = graph.unusedName(node.name, "reduce")
    var parameters: [ParameterRole: Tensor] = [.weight: Self.horizontal(factors.right, weight.shape)]
    parameters[.bias] = graph.projected(node, .bias)
    return [
      NewLayer(
        op: conv.vertical(filters: rank), name: reduced, inputs: [input],
        parameters: [.weight: Self.vertical(factors.left, weight.shape)]),
      NewLayer(op: conv.horizontal, name: node.name, inputs: [reduced], parameters: parameters),
    ]
  }

  /// `[O, I, Kh, Kw]` as `[I·Kh, O·Kw]`.
  private static func unfolded(_ weight: Tensor) -> Tensor {
    let (filters, channels, height, width) = (
      weight.shape[0], weight.shape[1], weight.shape[2], weight.shape[3]
    )
    var matrix = Tensor(zeros: [channels * height, filters * width])
    for row in 0..<channels * height {
      for column in 0..<filters * width {
        let filter = column / width
        let source = (filter * channels * height + row) * width + column % width
        matrix.values[row * filters * width + column] = weight.values[source]
      }
    }
    return matrix
  }

  /// `[I·Kh, r]` as `[r, I, Kh, 1]`.
  private static func vertical(_ columns: Tensor, _ shape: Shape) -> Tensor {
    let (rows, rank) = (columns.shape[0], columns.shape[1])
    let values = (0..<rank * rows).map { columns.values[$0 % rows * rank + $0 / rows] }
    return Tensor(values, shape: [rank, shape[1], shape[2], 1])
  }

  /// `[r, O·Kw]` as `[O, r, 1, Kw]`.
  private static func horizontal(_ rows: Tensor, _ shape: Shape) -> Tensor {
    let (rank, filters, width) = (rows.shape[0], shape[0], shape[3])
    var values: [Float] = []
    values.reserveCapacity(rows.values.count)
    for filter in 0..<filters {
      for term in 0..<rank {
        let start = (term * filters + filter) * width
        values.append(contentsOf: rows.values[start..<start + width])
      }
    }
    return Tensor(values, shape: [filters, rank, 1, width])
  }
}

extension Conv2D {
  /// Why a convolution cannot be factorized, whatever its size; `nil` when it can.
  var refusal: String? { groups > 1 ? "it is a convolution of \(groups) groups" : nil }

  /// The vertical half: this convolution along rows alone, of `filters`, without bias.
  fileprivate func vertical(filters: Int) -> Conv2D {
    Conv2D(
      filters: filters, kernel: Extent(kernel.height, 1), stride: Extent(stride.height, 1),
      padding: Extent(padding.height, 0), dilation: Extent(dilation.height, 1), bias: false)
  }

  /// The horizontal half: this convolution along columns alone.
  fileprivate var horizontal: Conv2D {
    Conv2D(
      filters: filters, kernel: Extent(1, kernel.width), stride: Extent(1, stride.width),
      padding: Extent(0, padding.width), dilation: Extent(1, dilation.width), bias: bias)
  }
}
