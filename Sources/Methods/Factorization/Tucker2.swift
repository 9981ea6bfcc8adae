public import Graphs
import LinearAlgebra
import Ops
public import Settings
import Tensors

/// Replaces convolutions by a 1x1, a smaller core and a 1x1, by a Tucker decomposition of both channel axes.
public struct Tucker2: FactorizationMethod {
  /// The name in recipes: `tucker-2`.
  public static let name = "tucker-2"
  /// Changes when results change; part of a trial's address.
  public static let revision = 1
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "replace convolutions by 1x1, a core of fewer channels and 1x1 (Tucker-2)",
    description: """
      Replaces a convolution of O filters over I channels by three layers: a 1x1 to r3 channels (NAME.reduce); a \
      core with the old kernel, stride, padding and dilation from r3 to r4 channels (NAME.core); and a 1x1 to O \
      channels, which keeps the bias and the name. The channel bases start as the leading singular vectors of the \
      kernel unfolded along each channel axis (HOSVD) and are improved in turn (HOOI). By energy, each axis keeps \
      the fewest directions that hold that share of its squared singular values. By keptRatio, both axes keep the \
      same share of their channels, the largest that the number of parameters allows. An axis that keeps all its \
      channels gets no 1x1. Grouped convolutions, 1x1 kernels, and layers whose factors would have no fewer \
      parameters stay as they are.
      """,
    formula:
      "K[o,i,u,v] ≈ Σ_{b≤r4} Σ_{a≤r3} B[o,b]·C[b,a,u,v]·A[i,a], C = K ×_o Bᵀ ×_i Aᵀ; ‖K - K̂‖² = ‖K‖² - ‖C‖²; "
      + "parameters I·r3 + Kh·Kw·r3·r4 + r4·O",
    paper:
      "Kim, Park, Yoo, Choi, Yang, Shin, 2016, Compression of deep convolutional neural networks for fast and low "
      + "power mobile applications, arXiv:1511.06530")

  /// The share of squared singular values to keep along each channel axis, 0.001...1.
  public var energy = 0.9
  /// The share of the layer's weights to keep, 0.001...1; overrides the energy if given.
  public var keptRatio: Double?
  /// The rule for ranks, a budget, and the fit afterwards.
  public var choice = RankChoice()
  /// Rounds of improving one basis given the other, 0...100.
  public var iterations = 3

  /// Creates it with its default settings.
  public init() {}

  /// Settings: `energy`, `keptRatio`, `iterations`, and those of `RankChoice`.
  public static var settings: [Setting<Tucker2>] {
    rankSettings + [
      Setting(
        "iterations", \.iterations, in: 0...100,
        "rounds in which each channel basis is improved with the other one fixed")
    ] + choiceSettings
  }

  /// Refuses grouped convolutions, 1x1 kernels, and factors of no fewer weights at rank 1.
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
    return refusal.map { .notApplicable(reason: $0) } ?? .applicable
  }

  /// Replaces each layer by `NAME.reduce`, `NAME.core` and a 1x1; an axis that stays whole gets no 1x1.
  public func compress(_ compression: inout Compression<Tucker2>) throws -> Rewrite {
    try Self.factorize(&compression) { settings, node, compression in
      try TuckerFactors(node, in: compression.graph, iterations: settings.iterations)
    }
  }
}

/// A convolution as a 1x1, a core and a 1x1.
private struct TuckerFactors: LayerFactors {
  private let node: Node
  private let conv: Conv2D
  private let input: String
  private let start: TuckerDecomposition.Start
  private let iterations: Int
  private let names: (reduce: String, core: String)
  private let bias: Tensor?

  /// Takes a convolution apart; `nil` if the node is none.
  init?(_ node: Node, in graph: Graph, iterations: Int) throws {
    guard let conv = node.op as? Conv2D, let input = node.inputs.first else { return nil }
    (self.node, self.conv, self.input, self.iterations) = (node, conv, input, iterations)
    start = try TuckerDecomposition.Start(graph.weight(of: node))
    names = (graph.unusedName(node.name, "reduce"), graph.unusedName(node.name, "core"))
    bias = graph.projected(node, .bias)
  }

  /// Ranks of the same share of both axes' channels, in rising order.
  var ranks: [Ranks] {
    let steps = max(start.inputs, start.filters)
    var ranks: [Ranks] = []
    for step in 1...steps {
      let share = Double(step) / Double(steps)
      let next = possible(
        Ranks(
          input: max(1, Int((share * Double(start.inputs)).rounded())),
          output: max(1, Int((share * Double(start.filters)).rounded()))))
      if ranks.last != next { ranks.append(next) }
    }
    return ranks
  }

  /// The least ranks that hold the energy along each axis.
  func rank(holding energy: Double) -> Ranks {
    possible(
      Ranks(
        input: RankRule.rank(holding: energy, of: start.inputValues),
        output: RankRule.rank(holding: energy, of: start.outputValues)))
  }

  /// The largest equal share of both axes' channels whose weights are within the ratio.
  func rank(keeping ratio: Double, of cost: (Ranks) throws -> Int, whole: Int) -> Ranks {
    possible(Ranks(inputs: start.inputs, filters: start.filters, taps: start.taps, keptRatio: ratio))
  }

  /// The ranks that variational Bayes finds along both axes, at least 1.
  func bayesianRank() -> Ranks {
    possible(Ranks(input: max(1, start.bayesian.input), output: max(1, start.bayesian.output)))
  }

  /// A bound of the squared norm that is lost: the sum of the losses along both axes, 1 at most.
  func lost(_ ranks: Ranks) -> Double {
    min(
      1,
      RankRule.lost(ranks.input, of: start.inputValues) + RankRule.lost(ranks.output, of: start.outputValues))
  }

  /// The chain of a rank.
  func layers(_ ranks: Ranks, shapesAlone: Bool) throws -> [NewLayer] {
    let parts =
      shapesAlone ? start.shapes(ranks) : try start.decomposition(ranks, iterations: iterations)
    return layers(parts)
  }

  /// Ranks that exist, with an axis kept whole where that takes no more weights.
  private func possible(_ ranks: Ranks) -> Ranks {
    let limited = ranks.limited(
      input: start.inputValues.count, output: start.outputValues.count, taps: start.taps)
    return limited.cheapest(inputs: start.inputs, filters: start.filters, taps: start.taps)
  }

  /// The chain of layers; an axis without a basis gets none.
  private func layers(_ parts: TuckerDecomposition) -> [NewLayer] {
    var layers: [NewLayer] = []
    var value = input
    if let basis = parts.inputBasis {
      let rank = basis.shape[0]
      value = names.reduce
      layers.append(
        NewLayer(
          op: Conv2D(filters: rank, kernel: 1, bias: false), name: value, inputs: [input],
          parameters: [.weight: basis.reshaped([rank, basis.shape[1], 1, 1])]))
    }
    var core = conv
    core.filters = parts.core.shape[0]
    guard let basis = parts.outputBasis else {
      var last = NewLayer(op: core, name: node.name, inputs: [value], parameters: [.weight: parts.core])
      last.parameters[.bias] = bias
      return layers + [last]
    }
    core.bias = false
    layers.append(NewLayer(op: core, name: names.core, inputs: [value], parameters: [.weight: parts.core]))
    var last = NewLayer(
      op: Conv2D(filters: conv.filters, kernel: 1, bias: conv.bias), name: node.name, inputs: [names.core],
      parameters: [.weight: basis.reshaped([basis.shape[0], basis.shape[1], 1, 1])])
    last.parameters[.bias] = bias
    return layers + [last]
  }
}
