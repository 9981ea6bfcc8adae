public import Graphs
import LinearAlgebra
import Ops
public import Settings
import Tensors

/// Replaces convolutions by a column of taps, then a row of taps, by a truncated singular value
/// decomposition.
public struct SpatialSVD: FactorizationMethod {
  /// The name in recipes: `spatial-svd`.
  public static let name = "spatial-svd"
  /// Changes when results change; part of a trial's address.
  public static let revision = 1
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "replace convolutions by a vertical and a horizontal one of low rank",
    description: """
      Replaces a convolution of Kh x Kw by two layers: Kh x 1 with r filters and no bias (NAME.reduce), which takes \
      the vertical stride, padding and dilation; and 1 x Kw, which takes the horizontal ones and keeps the bias and \
      the name. The kernel, unfolded to a matrix of (input channel, row) by (filter, column), is approximated with \
      the least squared error. A layer whose factors would have no fewer parameters, r(I·Kh + O·Kw), stays as it is, \
      and so do grouped convolutions and kernels of one row or one column.
      """,
    formula:
      "M[(i,u),(o,v)] = K[o,i,u,v] ≈ Σ_{j≤r} σ_j p_j q_jᵀ; ‖K - K_r‖² = Σ_{j>r} σ_j²; parameters r(I·Kh + O·Kw)",
    paper:
      "Jaderberg, Vedaldi, Zisserman, 2014, Speeding up convolutional neural networks with low rank expansions, "
      + "arXiv:1405.3866")

  /// The share of the kernel's squared norm to keep, 0.001...1.
  public var energy = 0.9
  /// The share of the layer's weights to keep, 0.001...1; overrides the energy if given.
  public var keptRatio: Double?
  /// The rule for ranks, a budget, and the fit afterwards.
  public var choice = RankChoice()

  /// Creates it with its default settings.
  public init() {}

  /// Settings: `energy`, `keptRatio`, and those of `RankChoice`.
  public static var settings: [Setting<SpatialSVD>] { rankSettings + choiceSettings }

  /// Refuses grouped convolutions, kernels of one row or column, and factors of no fewer weights at rank 1.
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
    return refusal.map { .notApplicable(reason: $0) } ?? .applicable
  }

  /// The weights of one term.
  private static func termCost(_ conv: Conv2D, inputs: Int) -> Int {
    inputs * conv.kernel.height + conv.filters * conv.kernel.width
  }

  /// Replaces each layer by `NAME.reduce` of r columns of taps and a layer of rows.
  public func compress(_ compression: inout Compression<SpatialSVD>) throws -> Rewrite {
    try Self.factorize(&compression) { _, node, compression in try SpatialFactors(node, in: compression.graph)
    }
  }
}

/// A convolution as a vertical and a horizontal one.
struct SpatialFactors: SingularFactors {
  let svd: SVD
  private let node: Node
  private let conv: Conv2D
  private let input: String
  private let shape: Shape
  private let reduced: String
  private let bias: Tensor?

  /// Takes a convolution apart; `nil` if the node is none.
  init?(_ node: Node, in graph: Graph) throws {
    guard let conv = node.op as? Conv2D, let input = node.inputs.first else { return nil }
    let weight = try graph.weight(of: node)
    (self.node, self.conv, self.input, shape) = (node, conv, input, weight.shape)
    svd = try Self.unfolded(weight).svd()
    reduced = graph.unusedName(node.name, "reduce")
    bias = graph.projected(node, .bias)
  }

  /// The chain `NAME.reduce` of `rank` columns of taps and the rows of the old name.
  func layers(_ rank: Int, shapesAlone: Bool) -> [NewLayer] {
    var column = conv.columnOfTaps
    (column.filters, column.bias) = (rank, false)
    var layers = [
      NewLayer(op: column, name: reduced, inputs: [input]),
      NewLayer(op: conv.rowOfTaps, name: node.name, inputs: [reduced]),
    ]
    guard !shapesAlone else { return layers }
    let factors = svd.balancedFactors(rank: rank)
    layers[0].parameters[.weight] = Self.vertical(factors.left, shape)
    layers[1].parameters[.weight] = Self.horizontal(factors.right, shape)
    layers[1].parameters[.bias] = bias
    return layers
  }

  /// A kernel `[O, I, Kh, Kw]` as the matrix `[I·Kh, O·Kw]`.
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

  /// Left factors `[I·Kh, r]` as the kernel `[r, I, Kh, 1]`.
  private static func vertical(_ columns: Tensor, _ shape: Shape) -> Tensor {
    let (rows, rank) = (columns.shape[0], columns.shape[1])
    let values = (0..<rank * rows).map { columns.values[$0 % rows * rank + $0 / rows] }
    return Tensor(values, shape: [rank, shape[1], shape[2], 1])
  }

  /// Right factors `[r, O·Kw]` as the kernel `[O, r, 1, Kw]`.
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
  /// The reason why a convolution cannot be factorized, whatever its size; `nil` if it can.
  var refusal: String? { groups > 1 ? "it is a convolution of \(groups) groups" : nil }

  /// This convolution along columns alone, with the vertical stride, padding and dilation.
  var columnOfTaps: Conv2D {
    var half = self
    half.kernel = Extent(kernel.height, 1)
    half.stride = Extent(stride.height, 1)
    half.padding = Extent(padding.height, 0)
    half.endPadding = endPadding.map { Extent($0.height, 0) }
    half.dilation = Extent(dilation.height, 1)
    return half
  }

  /// This convolution along rows alone, with the horizontal stride, padding and dilation.
  var rowOfTaps: Conv2D {
    var half = self
    half.kernel = Extent(1, kernel.width)
    half.stride = Extent(1, stride.width)
    half.padding = Extent(0, padding.width)
    half.endPadding = endPadding.map { Extent(0, $0.width) }
    half.dilation = Extent(1, dilation.width)
    return half
  }
}
