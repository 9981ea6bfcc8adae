public import Graphs
import LinearAlgebra
import Ops
public import Settings
import Tensors

/// Convolutions as a 1x1, a smaller core and a 1x1, by a Tucker decomposition along both channel axes.
public struct Tucker2: FactorizationMethod {
  public static let name = "tucker-2"
  public static let revision = 1
  public static let documentation = MethodDocumentation(
    summary: "convolutions become 1x1, a core of fewer channels and 1x1 by the Tucker-2 decomposition",
    description: """
      Replaces a convolution of O filters over I channels by one of 1x1 to r3 channels (NAME.reduce), a core of the old \
      kernel, stride, padding and dilation from r3 to r4 channels (NAME.core), and one of 1x1 to O channels, which keeps \
      the bias and the name. The channel bases start as the leading singular vectors of the kernel unfolded along each \
      channel axis (HOSVD) and are improved in turn (HOOI). By energy, each axis keeps the fewest directions that hold \
      that share of its squared singular values; by keptRatio, both axes keep the same share of their channels, as many \
      as the parameters pay for. An axis that keeps all its channels gets no 1x1. Left alone are convolutions of groups, \
      1x1 kernels, and layers whose parts would have no fewer parameters.
      """,
    formula:
      "K[o,i,u,v] ≈ Σ_{b≤r4} Σ_{a≤r3} B[o,b]·C[b,a,u,v]·A[i,a], C = K ×_o Bᵀ ×_i Aᵀ; ‖K - K̂‖² = ‖K‖² - ‖C‖²; "
      + "parameters I·r3 + Kh·Kw·r3·r4 + r4·O",
    paper:
      "Kim, Park, Yoo, Choi, Yang, Shin, 2016, Compression of deep convolutional neural networks for fast and low "
      + "power mobile applications, arXiv:1511.06530")

  public var energy = 0.9
  public var keptRatio: Double?
  /// Rounds of improving one basis given the other.
  public var iterations = 3

  public init() {}

  public static var settings: [Setting<Tucker2>] {
    rankSettings + [
      Setting(
        "iterations", \.iterations, in: 0...100, "rounds of improving one channel basis given the other")
    ]
  }

  public func applicability(to node: Node, in graph: Graph) -> Applicability {
    guard let conv = node.op as? Conv2D, let inputs = graph.inputShapes(of: node).first?[1] else {
      return .notApplicable(reason: "it is no convolution")
    }
    if let reason = conv.refusal { return .notApplicable(reason: reason) }
    guard conv.kernel.count > 1 else { return .notApplicable(reason: "its kernel is 1x1") }
    let whole = conv.filters * inputs * conv.kernel.count
    let ranks = Ranks(input: 1, output: 1)
    guard ranks.parameters(inputs: inputs, filters: conv.filters, taps: conv.kernel.count) < whole else {
      return .notApplicable(reason: "even at rank 1 its factors have no fewer than its \(whole) weights")
    }
    if let keptRatio, keptRatio == 1 { return .notApplicable(reason: "keptRatio is 1: nothing is removed") }
    return .applicable
  }

  public func compress(_ compression: inout Compression<Tucker2>) throws -> Rewrite {
    let graph = compression.graph
    return try Self.factorize(compression) { settings, node in
      try settings.factors(of: node, in: graph)
    }
  }

  /// The layers in place of a node; none where they would have as many parameters.
  private func factors(of node: Node, in graph: Graph) throws -> [NewLayer] {
    guard let conv = node.op as? Conv2D, let input = node.inputs.first else { return [] }
    let weight = try graph.weight(of: node)
    let start = try TuckerDecomposition.Start(weight)
    let ranks = ranks(start)
    guard
      ranks.parameters(inputs: start.inputs, filters: start.filters, taps: start.taps) < weight.shape.count
    else { return [] }
    let decomposition = try start.decomposition(ranks, iterations: iterations)
    return layers(decomposition, conv, node, input, in: graph)
  }

  private func ranks(_ start: TuckerDecomposition.Start) -> Ranks {
    let ranks =
      switch rule {
      case .energy(let share):
        Ranks(
          input: RankRule.rank(holding: share, of: start.inputValues),
          output: RankRule.rank(holding: share, of: start.outputValues))
      case .keptRatio(let ratio):
        Ranks(inputs: start.inputs, filters: start.filters, taps: start.taps, keptRatio: ratio)
      }
    let limited = ranks.limited(
      input: start.inputValues.count, output: start.outputValues.count, taps: start.taps)
    return limited.cheapest(inputs: start.inputs, filters: start.filters, taps: start.taps)
  }

  /// The chain of layers; a basis of all channels is part of the core and makes none.
  private func layers(
    _ parts: TuckerDecomposition, _ conv: Conv2D, _ node: Node, _ input: String, in graph: Graph
  ) -> [NewLayer] {
    var layers: [NewLayer] = []
    var value = input
    if let basis = parts.inputBasis {
      let rank = basis.shape[0]
      value = graph.unusedName(node.name, "reduce")
      layers.append(
        NewLayer(
          op: Conv2D(filters: rank, kernel: 1, bias: false), name: value, inputs: [input],
          parameters: [.weight: basis.reshaped([rank, basis.shape[1], 1, 1])]))
    }
    var core = conv
    core.filters = parts.core.shape[0]
    guard let basis = parts.outputBasis else {
      var last = NewLayer(op: core, name: node.name, inputs: [value], parameters: [.weight: parts.core])
      last.parameters[.bias] = graph.projected(node, .bias)
      return layers + [last]
    }
    core.bias = false
    let name = graph.unusedName(node.name, "core")
    layers.append(NewLayer(op: core, name: name, inputs: [value], parameters: [.weight: parts.core]))
    var last = NewLayer(
      op: Conv2D(filters: conv.filters, kernel: 1, bias: conv.bias), name: node.name, inputs: [name],
      parameters: [.weight: basis.reshaped([basis.shape[0], basis.shape[1], 1, 1])])
    last.parameters[.bias] = graph.projected(node, .bias)
    return layers + [last]
  }
}
