import Encodings
public import Graphs
import Ops
public import Settings
import Tensors

/// Cuts rows of weights into sub-vectors that share a few centroids.
public struct ProductQuantization: CompressionMethod {
  /// The name in recipes: `product-quantization`.
  public static let name = "product-quantization"
  /// The family that rankings show it in: quantization.
  public static let family = MethodFamily.quantization
  /// Makes weights share numbers.
  public static let order = PipelineOrder.sharing
  /// Changes when results change; part of a trial's address.
  public static let revision = 2
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "share a few centroids among sub-vectors of weights, found by k-means",
    description: """
      Cuts the weights that an output reads into sub-vectors: `width` neighbours in linear layers and 1x1 \
      convolutions, whole kernels in other convolutions. k-means finds the centroids: at most 2^bits, and at most \
      one for four sub-vectors. The sub-vectors of a layer share them, or, with `codebooks: own`, those at the same \
      place of a row. One index stands for `width` weights, so less than a bit a weight is possible. Weights that a \
      mask leaves out take no part and stay zero. With `importance` errors of weights are weighted by the loss's \
      curvature. The stage's training goes on with tied weights. The shared numbers are floats until a later stage \
      of quantization puts them on a grid of integers. Files hold indices and centroids; so does exported C if that \
      takes fewer bytes than the integers written out.
      """,
    formula: """
      min Σ_v Σ_t h_vt (x_vt - c_k(v),t)², x_v the sub-vectors, h 1 or the curvature of the loss; bits of a layer of n weights: \
      n / width · log2 k, rounded up, and 32 · width · k for each codebook; k = min(2^bits, a quarter of its sub-vectors)
      """,
    paper: """
      Gong, Liu, Yang, Bourdev 2014, arXiv:1412.6115; Stock et al. 2020, And the bit goes down, arXiv:1907.05686; importance: Choi, \
      El-Khamy, Lee 2017, arXiv:1612.01543
      """)

  /// The sub-vectors that share centroids.
  public enum Codebooks: String, Sendable, SettingChoice {
    /// All sub-vectors of a layer.
    case shared
    /// Those at the same place of a row.
    case own
  }

  /// Elements of a sub-vector in linear layers and 1x1 convolutions, 1...64; others take whole kernels.
  public var width = 4
  /// Bits of an index, 1...12.
  public var bits = 8
  /// The sub-vectors that share centroids.
  public var codebooks = Codebooks.shared
  /// The importance of the errors of single weights.
  public var importance = WeightImportance()

  /// Takes 256 centroids a layer, of four weights or a kernel.
  public init() {}

  /// Settings: `width`, `bits`, `codebooks`, and those of `WeightImportance`.
  public static var settings: [Setting<ProductQuantization>] {
    [
      Setting(
        "width", \.width, in: 1...64,
        "weights of a sub-vector in linear layers and 1x1 convolutions; other convolutions take whole kernels"
      ),
      Setting(
        "bits", \.bits, in: 1...12,
        "bits of an index: a codebook has at most 2^bits centroids, and at most one for four sub-vectors"),
      Setting(
        "codebooks", \.codebooks,
        "the sub-vectors that share centroids: all of a layer (shared), or those at the same place of a row (own)"
      ),
    ] + WeightImportance.settings(\.importance)
  }

  /// The evidence of the importance.
  public var evidence: Set<EvidenceKind> { importance.evidence }

  /// Refuses nodes without weights, rows that the width does not divide, and layers too small for codebooks.
  public func applicability(to node: Node, in graph: Graph) -> Applicability {
    guard node.op is any ProductOp, let shape = graph.weightShape(of: node) else {
      return .notApplicable(reason: "it has no weights to share")
    }
    let cut = Cut(shape, self)
    guard cut.rowLength.isMultiple(of: cut.width) else {
      return .notApplicable(
        reason: "the \(cut.rowLength) weights of an output are no multiple of \(cut.width)")
    }
    guard cut.count > 1, cut.bits < 32 * shape.count else {
      return .notApplicable(
        reason:
          "its \(shape.count / cut.width) sub-vectors of \(cut.width) are too few to share centroids")
    }
    return .applicable
  }

  /// The cut of a layer's weights into sub-vectors.
  private struct Cut {
    let rowLength: Int
    let width: Int
    let books: Int
    /// The most centroids of a codebook: 2^bits, or one for four of its sub-vectors if that is less.
    let count: Int
    /// Bits of all indices and codebooks.
    let bits: Int

    init(_ shape: Shape, _ settings: ProductQuantization) {
      rowLength = shape.count / max(shape[0], 1)
      width = shape.spatialCount > 1 ? shape.spatialCount : settings.width
      books = settings.codebooks == .own ? rowLength / width : 1
      count = min(1 << settings.bits, shape.count / width / max(books, 1) / 4)
      bits = shape.count / width * settings.bits + 32 * books * width * count
    }
  }

  /// Finds each layer's centroids by k-means and ties its sub-vectors to them.
  public func compress(_ compression: inout Compression<ProductQuantization>) throws -> Rewrite {
    var graph = compression.graph
    let layers = compression.layers
    guard !layers.isEmpty else {
      throw MethodError.nothingToDo(
        method: Self.name,
        reason: "no layer has enough weights for codebooks; use a smaller width, or codebooks: shared")
    }
    let importance = try compression.importance(\.importance)
    for (node, settings) in layers {
      let weight = try located(Self.name) { [graph] in try graph.parameter(.weight, of: node) }
      graph[.weight, of: node.name] = try settings.shared(
        weight, importance[ParameterRole.weight.name(of: node.name)], node.name, &compression.random)
    }
    return Rewrite(inPlace: graph)
  }

  /// The parameter with its codebooks; throws if a weight is not finite.
  private func shared(
    _ parameter: Parameter, _ importance: [Double]?, _ node: String, _ random: inout SeededRandom
  ) throws -> Parameter {
    let tensor = parameter.projected
    guard tensor.values.allSatisfy(\.isFinite) else {
      throw MethodError.impossible(method: Self.name, node: node, reason: "its weights are not all finite")
    }
    let cut = Cut(tensor.shape, self)
    let survivors = parameter.survivors
    // Scaled to a mean of 1, so that errors fit into 32 bits whatever their scale.
    let mean = importance.map { $0.reduce(0, +) / Double(max($0.count, 1)) } ?? 1
    let weights = survivors.indices.map { index -> Float in
      survivors[index] ? Float((importance?[index] ?? mean) / mean) : 0
    }
    let subspaces = cut.rowLength / cut.width
    let vectors = Array(0..<tensor.values.count / cut.width)
    var (assignments, count, values) = (Array(repeating: UInt32(0), count: vectors.count), 1, tensor.values)
    for book in 0..<cut.books {
      let members = cut.books == 1 ? vectors : vectors.filter { $0 % subspaces == book }
      let elements = members.flatMap { ($0 * cut.width)..<(($0 + 1) * cut.width) }
      let means = VectorKMeans(
        elements.map { values[$0] }, weights: elements.map { weights[$0] }, width: cut.width,
        count: cut.count, random: &random)
      count = max(count, means.count)
      for (place, vector) in members.enumerated() { assignments[vector] = UInt32(means.clusters[place]) }
      guard importance != nil else { continue }
      for (place, element) in elements.enumerated() {
        values[element] = means.centroids[means.clusters[place / cut.width] * cut.width + place % cut.width]
      }
    }
    let codebook = ProductCodebook(
      assignments: assignments, subspaces: subspaces, width: cut.width, count: count,
      hasOwnBooks: codebooks == .own)
    let encoding = try parameter.encoding.replacingNumbers(with: codebook, Self.name, node)
    // The codebook stores the mean of the elements tied together, which is the centroid if all count alike.
    let replaced = Parameter(Tensor(values, shape: tensor.shape), encoding: encoding)
    return Parameter(replaced.projected, encoding: encoding)
  }
}
