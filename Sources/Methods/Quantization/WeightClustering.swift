import Encodings
public import Graphs
import Ops
public import Settings
import Tensors

/// Weights that share a few numbers: k-means for each layer, then training of the shared numbers.
public struct WeightClustering: CompressionMethod {
  public static let name = "codebook"
  public static let family = MethodFamily.quantization
  public static let order = PipelineOrder.sharing
  public static let revision = 1
  public static let documentation = MethodDocumentation(
    summary: "weights that share a few numbers, found by k-means and trained on",
    description: """
      Clusters the weights of each convolution and linear layer into at most 2^bits numbers and stores an index for each \
      weight. Centroids start evenly spaced between the extremes, which keeps the few large weights. Weights that are \
      zero, as pruning leaves them, are no part of the clustering and stay zero: zero then is one of the 2^bits numbers. \
      The stage's training goes on with tied weights. Biases and batch norms stay in floats, and so do the shared numbers, \
      until a later stage of quantization puts them on a grid of integers.
      """,
    formula: """
      min Σ_k Σ_{w in cluster k} (w - c_k)², c_k the mean of its cluster; training: c_k ← c_k - rate · mean of ∂L/∂w over the \
      cluster; bits of a layer of n weights: n · bits + 32 · 2^bits
      """,
    paper: "Han, Mao, Dally 2016, Deep Compression, arXiv:1510.00149")

  /// Bits of an index in convolutions.
  public var convolutionBits = 8
  /// Bits of an index in linear layers.
  public var linearBits = 5

  /// 256 numbers for a convolution, 32 for a linear layer.
  public init() {}

  public static var settings: [Setting<WeightClustering>] {
    [
      Setting("convolutionBits", \.convolutionBits, in: 1...12, "bits of an index in convolutions"),
      Setting("linearBits", \.linearBits, in: 1...12, "bits of an index in linear layers"),
    ]
  }

  /// The share of a linear layer's 32-bit weight that is saved; convolutions get three bits more, at most 8, as in the
  /// paper.
  public var savedShare: Double {
    get { 1 - Double(linearBits) / 32 }
    set {
      linearBits = min(max(Int((32 * (1 - newValue)).rounded(.down)), 1), 8)
      convolutionBits = min(linearBits + 3, 8)
    }
  }

  public static var strength: WritableKeyPath<WeightClustering, Double>? { \.savedShare }

  public func applicability(to node: Node, in graph: Graph) -> Applicability {
    guard node.op is any ProductOp, let shape = graph.weightShape(of: node) else {
      return .notApplicable(reason: "it has no weights to share")
    }
    let (bits, count) = (bits(for: shape), shape.count)
    guard count * bits + 32 << bits < 32 * count else {
      return .notApplicable(
        reason: "a codebook of \(1 << bits) numbers is no smaller than its \(count) weights")
    }
    return .applicable
  }

  /// Weights of two axes are those of linear layers.
  private func bits(for shape: Shape) -> Int { shape.rank == 2 ? linearBits : convolutionBits }

  public func compress(_ compression: inout Compression<WeightClustering>) throws -> Rewrite {
    var graph = compression.graph
    let layers = compression.layers
    guard !layers.isEmpty else {
      throw MethodError.nothingToDo(
        method: Self.name, reason: "no layer has enough weights for its codebook; use fewer bits")
    }
    for (node, settings) in layers {
      let weight = try located(Self.name) { [graph] in try graph.parameter(.weight, of: node) }
      let bits = settings.bits(for: weight.value.shape)
      graph[.weight, of: node.name] = try Self.clustered(weight, bits: bits, node.name)
    }
    return Rewrite(inPlace: graph)
  }

  /// The weight with a codebook of at most 2^bits numbers; weights that are zero keep to a number of their own.
  private static func clustered(
    _ weight: Parameter, bits: Int, _ node: String
  ) throws -> Parameter {
    let values = weight.projected.values
    let survivors = values.filter { $0 != 0 }
    let hasZero = survivors.count < values.count
    guard !survivors.isEmpty else { return weight }
    guard survivors.allSatisfy(\.isFinite) else {
      throw MethodError.impossible(method: name, node: node, reason: "its weights are not all finite")
    }
    let means = LinearKMeans(survivors, count: 1 << bits - (hasZero ? 1 : 0))
    let first = hasZero ? 1 : 0
    let assignments = values.map { $0 == 0 ? 0 : UInt16(first + means.cluster(of: $0)) }
    let codebook = Codebook(assignments: assignments, count: first + means.centroids.count, hasZero: hasZero)
    let encoding = try weight.encoding.replacingNumbers(with: codebook, name, node)
    return Parameter(Parameter(weight.projected, encoding: encoding).projected, encoding: encoding)
  }
}

extension Graph {
  /// The extents of a node's weight; `nil` where it has none.
  fileprivate func weightShape(of node: Node) -> Shape? {
    slots(of: node).first { $0.slot.role == .weight }?.slot.shape
  }
}
