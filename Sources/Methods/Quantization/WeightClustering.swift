import Encodings
public import Graphs
import Ops
public import Settings
import Tensors

/// Makes weights share a few numbers: k-means for each layer, then training of the shared numbers.
public struct WeightClustering: CompressionMethod {
  /// The name in recipes: `codebook`.
  public static let name = "codebook"
  /// The family that rankings show it in: quantization.
  public static let family = MethodFamily.quantization
  /// Makes weights share numbers.
  public static let order = PipelineOrder.sharing
  /// Changes when results change; part of a trial's address.
  public static let revision = 1
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "share a few numbers among weights, found by k-means and trained further",
    description: """
      Clusters the weights of each convolution and linear layer into at most 2^bits numbers and stores an index for \
      each weight. By default centroids start evenly spaced between the extremes (`start: linear`), which keeps the \
      few large weights. With `start: density` they start where weights are dense, with `start: random` at randomly \
      drawn weights. Weights that pruning has set to zero take no part and stay zero; zero is then one of the 2^bits \
      numbers. With `importance` errors of weights are weighted by the loss's curvature, so important weights are \
      near a number. The stage's training goes on with tied weights. Biases and batch norms stay in floats. The \
      shared numbers are floats until a later stage of quantization puts them on a grid of integers.
      """,
    formula: """
      min Σ_k Σ_{w in cluster k} h_w (w - c_k)², c_k = Σ h_w w / Σ h_w over its cluster, h_w 1 or the curvature of the loss by w; training: c_k ← c_k - rate · mean of ∂L/∂w over the \
      cluster; bits of a layer of n weights: n · bits + 32 · 2^bits
      """,
    paper: """
      Han, Mao, Dally 2016, Deep Compression, arXiv:1510.00149; importance: Choi, El-Khamy, Lee 2017, Towards the limit of network \
      quantization, arXiv:1612.01543
      """)

  /// Bits of an index in convolutions, 1...12.
  public var convolutionBits = 8
  /// Bits of an index in linear layers, 1...12.
  public var linearBits = 5
  /// The start of the centroids.
  public var start = CentroidStart.linear
  /// The importance of the errors of single weights.
  public var importance = WeightImportance()

  /// Takes 256 numbers for a convolution and 32 for a linear layer.
  public init() {}

  /// Settings: `convolutionBits`, `linearBits`, `start`, and those of `WeightImportance`.
  public static var settings: [Setting<WeightClustering>] {
    [
      Setting("convolutionBits", \.convolutionBits, in: 1...12, "bits of an index in convolutions"),
      Setting("linearBits", \.linearBits, in: 1...12, "bits of an index in linear layers"),
      Setting(
        "start", \.start,
        "the start of centroids: evenly between the extremes (linear), evenly over the sorted weights (density), at drawn weights (random)"
      ).omittedAsDefault(),
    ] + WeightImportance.settings(\.importance)
  }

  /// The evidence of the importance.
  public var evidence: Set<EvidenceKind> { importance.evidence }

  /// The share of a linear layer's 32-bit weight that is saved.
  ///
  /// Setting it gives convolutions three bits more, at most 8, as in the paper.
  public var savedShare: Double {
    get { 1 - Double(linearBits) / 32 }
    set {
      linearBits = min(max(Int((32 * (1 - newValue)).rounded(.down)), 1), 8)
      convolutionBits = min(linearBits + 3, 8)
    }
  }

  /// The strength is the saved share.
  public static var strength: WritableKeyPath<WeightClustering, Double>? { \.savedShare }

  /// Refuses nodes without weights, and layers too small for a codebook.
  public func applicability(to node: Node, in graph: Graph) -> Applicability {
    .sharing(node, in: graph, bits: bits)
  }

  /// The bits of an index; weights of two axes are those of linear layers.
  private func bits(for shape: Shape) -> Int { shape.rank == 2 ? linearBits : convolutionBits }

  /// Clusters each layer's nonzero weights and ties them to the centroids.
  public func compress(_ compression: inout Compression<WeightClustering>) throws -> Rewrite {
    var graph = compression.graph
    let layers = compression.layers
    guard !layers.isEmpty else {
      throw MethodError.nothingToDo(
        method: Self.name, reason: "no layer has enough weights for a codebook; use fewer bits")
    }
    let importance = try compression.importance(\.importance)
    for (node, settings) in layers {
      let weight = try located(Self.name) { [graph] in try graph.parameter(.weight, of: node) }
      let shared = try SharedWeight(
        weight, importance: importance[ParameterRole.weight.name(of: node.name)], Self.name, node.name)
      guard !shared.survivors.isEmpty else { continue }
      let means = LinearKMeans(
        shared.survivors, importance: shared.importance,
        count: 1 << settings.bits(for: weight.value.shape) - (shared.hasZero ? 1 : 0),
        start: settings.start, random: &compression.random)
      graph[.weight, of: node.name] = try shared.parameter(
        clusters: shared.survivors.map(means.cluster), centroids: means.centroids)
    }
    return Rewrite(inPlace: graph)
  }
}
