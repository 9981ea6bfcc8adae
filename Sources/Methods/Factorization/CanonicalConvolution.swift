public import Graphs
import LinearAlgebra
import Ops
public import Settings
import Tensors

/// Convolutions as a 1x1, a column and a row of taps a channel, and a 1x1, by a canonical polyadic decomposition.
public struct CanonicalConvolution: FactorizationMethod {
  public static let name = "cp"
  public static let revision = 1
  public static let documentation = MethodDocumentation(
    summary: "convolutions become 1x1, depthwise column, depthwise row and 1x1 (canonical polyadic)",
    description: """
      Replaces a convolution of O filters over I channels by a 1x1 to r channels (NAME.reduce), a depthwise Kh x 1 \
      (NAME.column) and 1 x Kw (NAME.row), and a 1x1 to O channels, which keeps the bias and the name; with `split: \
      false` one depthwise kernel stands for the two. Vectors come from alternating least squares in double \
      precision, the best of `starts` starts. Many kernels have no nearest sum of r products: terms then grow and \
      cancel one another, which neither training nor quantization survives. `penalty` on the squared norms of the \
      terms bounds them; 0 switches that off, and the report says how large terms got. Ranks by energy are searched \
      for; by variational Bayes it is the larger of those of both channel axes. Left alone are convolutions of \
      groups, 1x1 kernels, and layers whose parts would have no fewer parameters, r(I + Kh + Kw + O).
      """,
    formula:
      "K[o,i,u,v] ≈ Σ_{t≤r} A[o,t]·B[i,t]·C[u,t]·D[v,t]; min ‖K - K̂‖² + penalty·Σ_t ‖term t‖² over A, B, C, D in turn",
    paper:
      "Lebedev, Ganin, Rakhuba, Oseledets, Lempitsky, 2015, Speeding-up convolutional neural networks using fine-tuned "
      + "CP-decomposition, arXiv:1412.6553; Phan et al., 2020, Stable low-rank tensor decomposition for compression of "
      + "convolutional neural network, arXiv:2008.05441")

  public var energy = 0.9
  public var keptRatio: Double?
  public var choice = RankChoice()
  /// Whether rows and columns of taps are apart.
  public var split = true
  /// How strongly squared norms of terms are held down, over the kernel's.
  public var penalty = 1e-5
  /// Rounds over all axes.
  public var iterations = 100
  /// Random starts, of which the best is kept.
  public var starts = 1

  public init() {}

  public static var settings: [Setting<CanonicalConvolution>] {
    rankSettings + [
      Setting("split", \.split, "whether rows and columns of taps are layers of their own"),
      Setting(
        "penalty", \.penalty, in: 0...1, "weight of the terms' squared norms, over the kernel's; 0 is none"),
      Setting("iterations", \.iterations, in: 1...100_000, "rounds of fitting one axis given the others"),
      Setting("starts", \.starts, in: 1...100, "random starts, of which the best is kept"),
    ] + choiceSettings
  }

  public func applicability(to node: Node, in graph: Graph) -> Applicability {
    guard let conv = node.op as? Conv2D, let inputs = graph.inputShapes(of: node).first?[1] else {
      return .notApplicable(reason: "it is no convolution")
    }
    if let reason = conv.refusal { return .notApplicable(reason: reason) }
    guard conv.kernel.count > 1 else { return .notApplicable(reason: "its kernel is 1x1") }
    let whole = conv.filters * inputs * conv.kernel.count
    let taps = split ? conv.kernel.height + conv.kernel.width : conv.kernel.count
    guard conv.filters + inputs + taps < whole else {
      return .notApplicable(reason: "even at rank 1 its factors have no fewer than its \(whole) weights")
    }
    return refusal.map { .notApplicable(reason: $0) } ?? .applicable
  }

  public func compress(_ compression: inout Compression<CanonicalConvolution>) throws -> Rewrite {
    let largest = LargestTerms()
    var rewrite = try Self.factorize(&compression) { settings, node, compression in
      try CanonicalFactors(node, settings, in: compression.graph, key: compression.random.next(), largest)
    }
    if let worst = largest.worst {
      rewrite.warnings.append(
        "\(worst.layer): a term is \((10 * worst.norm).rounded() / 10) times as large as the kernel, so terms cancel one "
          + "another and the factors will not bear training or few bits; raise the penalty, or keep fewer terms"
      )
    }
    return rewrite
  }
}

/// The largest term of the layers that were made.
final class LargestTerms {
  /// Terms that are no more than so many times the kernel are no matter.
  private static let harmless = 5.0
  private(set) var worst: (layer: String, norm: Double)?

  func note(_ layer: String, _ norm: Double) {
    if norm > max(Self.harmless, worst?.norm ?? 0) { worst = (layer, norm) }
  }
}

/// A convolution as a chain of products of vectors.
struct CanonicalFactors: LayerFactors {
  private let node: Node
  private let conv: Conv2D
  private let input: String
  private let kernel: Tensor
  private let settings: CanonicalConvolution
  private let key: UInt64
  private let largest: LargestTerms
  private let names: [String]
  private let bias: Tensor?

  /// `nil` for what is no convolution.
  init?(
    _ node: Node, _ settings: CanonicalConvolution, in graph: Graph, key: UInt64, _ largest: LargestTerms
  ) throws {
    guard let conv = node.op as? Conv2D, let input = node.inputs.first else { return nil }
    (self.node, self.conv, self.input, self.settings) = (node, conv, input, settings)
    (self.key, self.largest) = (key, largest)
    kernel = try graph.weight(of: node)
    names = ["reduce", "column", "row"].map { graph.unusedName(node.name, $0) }
    bias = graph.projected(node, .bias)
  }

  private var isSplit: Bool { settings.split && conv.kernel.height > 1 && conv.kernel.width > 1 }

  /// Each is found by itself, in seconds.
  var steps: Int { 8 }

  /// No sum of products needs more terms than the kernel has elements without its longest axis.
  var ranks: [Int] {
    let extents = kernel.shape.dimensions
    let most = extents.reduce(1, *) / max(extents.max() ?? 1, 1)
    let weights = isSplit ? conv.kernel.height + conv.kernel.width : conv.kernel.count
    let affordable = kernel.shape.count / (extents[0] + extents[1] + weights)
    return Array(1...max(1, min(most, affordable)))
  }

  /// By bisection, as more terms hold more but for the luck of starts.
  func rank(holding energy: Double) throws -> Int {
    var (low, high) = (0, ranks.count - 1)
    while low < high {
      let middle = (low + high) / 2
      if try lost(ranks[middle]) <= 1 - energy { high = middle } else { low = middle + 1 }
    }
    return ranks[low]
  }

  func bayesianRank() throws -> Int {
    let (filters, inputs) = (kernel.shape[0], kernel.shape[1])
    let byInput = try kernel.exchangingLeadingAxes()
    let found = try [
      kernel.reshaped([filters, kernel.shape.count / filters]),
      byInput.reshaped([inputs, kernel.shape.count / inputs]),
    ].map { try $0.svd().bayesianRank().rank }
    return min(max(1, found.max() ?? 1), ranks.count)
  }

  func lost(_ rank: Int) throws -> Double { try decomposition(rank).lost }

  /// The same of a rank whenever it is asked for.
  private func decomposition(_ rank: Int) throws -> CanonicalPolyadic {
    var random = SeededRandom(seed: key, purpose: "cp", rank)
    let shape = kernel.shape
    let tensor = isSplit ? kernel : kernel.reshaped([shape[0], shape[1], shape[2] * shape[3]])
    return try tensor.canonicalPolyadic(
      rank: rank, penalty: settings.penalty, iterations: settings.iterations, starts: settings.starts,
      random: &random)
  }

  func layers(_ rank: Int, shapesAlone: Bool) throws -> [NewLayer] {
    var layers = [
      NewLayer(op: Conv2D(filters: rank, kernel: 1, bias: false), name: names[0], inputs: [input])
    ]
    for (name, op) in taps(rank) {
      layers.append(NewLayer(op: op, name: name, inputs: [layers[layers.count - 1].name]))
    }
    layers.append(
      NewLayer(
        op: Conv2D(filters: conv.filters, kernel: 1, bias: conv.bias), name: node.name,
        inputs: [layers[layers.count - 1].name]))
    guard !shapesAlone else { return layers }
    let found = try decomposition(rank)
    largest.note(node.name, found.largestTerm)
    layers[0].parameters[.weight] = try found.factors[1].exchangingLeadingAxes()
      .reshaped([rank, kernel.shape[1], 1, 1])
    for (index, factor) in found.factors.dropFirst(2).enumerated() {
      guard let op = layers[index + 1].op as? Conv2D else { continue }
      layers[index + 1].parameters[.weight] = try factor.exchangingLeadingAxes()
        .reshaped([rank, 1, op.kernel.height, op.kernel.width])
    }
    let last = layers.count - 1
    layers[last].parameters[.weight] = found.factors[0].reshaped([conv.filters, rank, 1, 1])
    layers[last].parameters[.bias] = bias
    return layers
  }

  /// The depthwise layers.
  private func taps(_ rank: Int) -> [(name: String, op: Conv2D)] {
    var whole = conv
    (whole.filters, whole.groups, whole.bias) = (rank, rank, false)
    guard isSplit else { return [(names[1], whole)] }
    return [(names[1], whole.columnOfTaps), (names[2], whole.rowOfTaps)]
  }
}
