public import Encodings
public import Graphs
import Ops
public import Settings
import Tensors

/// Makes weights zero or one of two numbers of either sign, whose magnitudes are trained.
public struct TernaryWeights: CompressionMethod {
  /// The name in recipes: `ternary-weights`.
  public static let name = "ternary-weights"
  /// The family that rankings show it in: quantization.
  public static let family = MethodFamily.quantization
  /// Makes weights share numbers.
  public static let order = PipelineOrder.sharing
  /// Changes when results change; part of a trial's address.
  public static let revision = 1
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "weights of three numbers: zero, and one of each sign that is trained",
    description: """
      Makes each weight zero if its magnitude is at most a threshold, and else the layer's positive or negative \
      number. Both magnitudes start at the means of their weights and are trained with the weights; they may differ. \
      The threshold follows the weights: a share of the largest magnitude, or of the mean one (0.7 of it is that of \
      ternary weight networks). When the training is done, the layer has a codebook of three numbers, two bits a \
      weight, which a later stage of quantization puts on a grid of integers. Batch norms stay as they are. The \
      first and the last layer suffer most: leave them out with `overrides: [{layers: [conv1, logits], skip: true}]`, \
      as the paper does. Masked weights stay zero. Without training the network loses most of its accuracy.
      """,
    formula: """
      w = unit · p where m > Δ, -unit · n where m < -Δ, else 0; Δ = threshold · max |m|; ∂L/∂p = unit · Σ ∂L/∂w over \
      m > Δ, ∂L/∂n = -unit · Σ ∂L/∂w over m < -Δ; ∂L/∂m = p · ∂L/∂w, n · ∂L/∂w, or ∂L/∂w for zeros
      """,
    paper: """
      Zhu, Han, Mao, Dally 2017, Trained ternary quantization, arXiv:1612.01064; the mean's threshold: Li, Liu 2016, Ternary \
      weight networks, arXiv:1605.04711
      """)

  /// The share of a magnitude up to which weights are zero, 0.01...0.9.
  public var threshold = 0.05
  /// The magnitude of which the threshold is a share.
  public var thresholdOf = TernaryThreshold.largest

  /// Takes the paper's threshold, a twentieth of the largest magnitude.
  public init() {}

  /// Settings: `threshold`, `thresholdOf`.
  public static var settings: [Setting<TernaryWeights>] {
    [
      Setting("threshold", \.threshold, in: 0.01...0.9, "share of a magnitude up to which weights are zero"),
      Setting(
        "thresholdOf", \.thresholdOf,
        "the magnitude of which the threshold is a share: the largest of the layer's weights, or their mean"),
    ]
  }

  /// Acts before the stage's training.
  public var pacing: Pacing { .gradual(times: 1, share: 1) }
  /// True: weights become a codebook when the training is done.
  public var settles: Bool { true }
  /// Two bits.
  public var weightBits: Int? { 2 }

  /// Refuses nodes without weights, and layers too small for a codebook.
  public func applicability(to node: Node, in graph: Graph) -> Applicability {
    .sharing(node, in: graph) { _ in 2 }
  }

  /// Gives layers numbers that are trained, and a codebook of them when the training is done.
  public func compress(_ compression: inout Compression<TernaryWeights>) throws -> Rewrite {
    var graph = compression.graph
    let layers = compression.layers
    guard !layers.isEmpty else {
      throw MethodError.nothingToDo(
        method: Self.name, reason: "no layer has enough weights for a codebook of three numbers")
    }
    for (node, settings) in layers {
      try settings.start(node, in: &graph)
      if compression.progress >= 1 { try Self.settle(node, in: &graph) }
    }
    var rewrite = Rewrite(inPlace: graph)
    for name in graph.parameters.keys where compression.graph.parameters[name] == nil {
      rewrite.origin[name] = nil
    }
    return rewrite
  }

  /// Gives a layer numbers that are trained, if it has none.
  private func start(_ node: Node, in graph: inout Graph) throws {
    let weight = try located(Self.name) { [graph] in try graph.parameter(.weight, of: node) }
    guard !(weight.encoding is TrainedTernary) else { return }
    try weight.encoding.requireRealNumbers(Self.name, node.name)
    guard weight.value.values.allSatisfy(\.isFinite) else {
      throw MethodError.impossible(
        method: Self.name, node: node.name, reason: "its weights are not all finite")
    }
    // A layer of zeros has no numbers.
    guard let start = TrainedTernary.start(weight, threshold: Float(threshold), of: thresholdOf) else {
      return
    }
    graph[.weight, of: node.name]?.encoding = start.encoding
    graph[.step, of: node.name] = Parameter(Tensor(start.numbers, shape: [2]))
  }

  /// Replaces a layer's trained numbers by a codebook of them.
  private static func settle(_ node: Node, in graph: inout Graph) throws {
    guard let weight = graph[.weight, of: node.name], let ternary = weight.encoding as? TrainedTernary,
      let numbers = graph[.step, of: node.name]?.value.values
    else { return }
    guard let settled = ternary.settled(weight.value, numbers: numbers) else {
      throw MethodError.impossible(
        method: name, node: node.name, reason: "its numbers are not finite; lower the learning rate")
    }
    graph[.weight, of: node.name] = settled
    graph[.step, of: node.name] = nil
  }
}
