import Encodings
public import Graphs
import Ops
public import Settings
import Tensors

/// Makes weights share numbers so that error and Huffman-coded size together are least.
public struct EntropyConstrained: CompressionMethod {
  /// The name in recipes: `entropy-constrained`.
  public static let name = "entropy-constrained"
  /// The family that rankings show it in: quantization.
  public static let family = MethodFamily.quantization
  /// Makes weights share numbers.
  public static let order = PipelineOrder.sharing
  /// Changes when results change; part of a trial's address.
  public static let revision = 1
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "share numbers chosen for the entropy of their Huffman-coded indices",
    description: """
      Chooses the shared numbers of each layer to minimize the weighted squared error plus a price for each bit of \
      the indices' entropy. A weight takes a number with a short code if that costs little, and numbers that few \
      weights would take vanish. The file, whose indices are Huffman-coded, becomes smaller than after k-means at \
      the same error. One price serves all layers; it is found such that the mean entropy is `bitsPerWeight`. With \
      `errors: relative` an error is divided by the mean square of its layer, so layers get about the same number of \
      bits. With `absolute` errors count as `importance` says, so layers with a large curvature get more. Each layer \
      has its own numbers. Weights that are zero stay zero and take no part. A Huffman code has at least one bit for \
      each weight, so below 1 the file does not follow the entropy. The stage's training goes on with tied weights.
      """,
    formula: """
      min Σ h_w (w - c_k)² - λ Σ log2 p_k, p_k the share of the layer's weights in w's cluster k; c_k = Σ h_w w / Σ h_w; λ by bisection \
      so that -Σ log2 p_k over all weights is bitsPerWeight each
      """,
    paper: """
      Choi, El-Khamy, Lee 2017, Towards the limit of network quantization, arXiv:1612.01543; Chou, Lookabaugh, Gray 1989, \
      Entropy-constrained vector quantization, doi:10.1109/29.17498
      """)

  /// The entropy of an index in bits, as a mean over the layers, 0.1...12.
  public var bitsPerWeight = 3.0
  /// Bits of an index before entropy coding, 1...12: a layer begins with 2^bits numbers.
  public var bits = 6
  /// The scale on which errors of layers are compared.
  public var errors = Errors.relative
  /// The importance of the errors of single weights.
  public var importance = WeightImportance()

  /// The scale on which errors of different layers are compared.
  public enum Errors: String, Sendable, SettingChoice {
    /// Shares of the layer's mean square, with the importance of weights counted.
    case relative
    /// Errors as they are.
    case absolute
  }

  /// Takes three bits a weight, of at most 64 numbers.
  public init() {}

  /// Settings: `bitsPerWeight`, `bits`, `errors`, and those of `WeightImportance`.
  public static var settings: [Setting<EntropyConstrained>] {
    [
      Setting(
        "bitsPerWeight", \.bitsPerWeight, in: 0.1...12,
        "mean entropy of an index in bits, over all layers with this setting"),
      Setting(
        "bits", \.bits, in: 1...12,
        "bits of an index before entropy coding: a layer begins with 2^bits numbers"),
      Setting(
        "errors", \.errors,
        "the unit of errors: the layer's mean square (relative), or none (absolute)"
      ),
    ] + WeightImportance.settings(\.importance)
  }

  /// The share of a 32-bit weight that is saved, without codebooks: `1 - bitsPerWeight/32`.
  public var savedShare: Double {
    get { 1 - bitsPerWeight / 32 }
    set {
      bitsPerWeight = min(max(32 * (1 - newValue), 0.5), 8)
      bits = min(Int(bitsPerWeight.rounded(.up)) + 2, 8)
    }
  }

  /// The strength is the saved share.
  public static var strength: WritableKeyPath<EntropyConstrained, Double>? { \.savedShare }
  /// The evidence of the importance.
  public var evidence: Set<EvidenceKind> { importance.evidence }

  /// Refuses nodes without weights, and layers too small for a codebook.
  public func applicability(to node: Node, in graph: Graph) -> Applicability {
    .sharing(node, in: graph) { _ in bits }
  }

  /// Finds one price of a bit for all layers of a target, and gives each layer its codebook.
  public func compress(_ compression: inout Compression<EntropyConstrained>) throws -> Rewrite {
    var graph = compression.graph
    let importance = try compression.importance(\.importance)
    var layers: [(node: String, settings: EntropyConstrained, weight: SharedWeight)] = []
    for (node, settings) in compression.layers {
      let weight = try located(Self.name) { [graph] in try graph.parameter(.weight, of: node) }
      let shared = try SharedWeight(
        weight, importance: importance[ParameterRole.weight.name(of: node.name)], Self.name, node.name)
      if !shared.survivors.isEmpty { layers.append((node.name, settings, shared)) }
    }
    guard !layers.isEmpty else {
      throw MethodError.nothingToDo(
        method: Self.name, reason: "no layer has enough weights for that many numbers; use fewer bits")
    }
    for target in Set(layers.map(\.settings.bitsPerWeight)).sorted() {
      let group = layers.filter { $0.settings.bitsPerWeight == target }
      let budget = EntropyBudget(
        problems: group.map { layer in
          (
            layer.weight.entropyProblem(layer.settings.errors),
            1 << layer.settings.bits - (layer.weight.hasZero ? 1 : 0)
          )
        })
      for (layer, solution) in zip(group, budget.solutions(bitsPerWeight: target)) {
        graph[.weight, of: layer.node] = try layer.weight.parameter(
          clusters: solution.clusters, centroids: solution.centroids)
      }
    }
    return Rewrite(inPlace: graph)
  }
}

extension SharedWeight {
  /// The numbers to choose, with the weights of their errors.
  fileprivate func entropyProblem(_ errors: EntropyConstrained.Errors) -> EntropyProblem {
    var weights = importance ?? survivors.map { _ in 1 }
    if errors == .relative {
      let square = zip(survivors, weights).reduce(0) { $0 + Double($1.0) * Double($1.0) * $1.1 }
      let mean = square / Double(survivors.count)
      if mean > 0 { weights = weights.map { $0 / mean } }
    }
    return EntropyProblem(survivors, weights: weights)
  }
}
