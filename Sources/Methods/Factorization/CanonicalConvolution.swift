public import Graphs
import LinearAlgebra
import Ops
public import Settings
import Tensors

/// Replaces convolutions by a 1x1, a column and a row of taps for each channel, and a 1x1.
///
/// The vectors come from a canonical polyadic decomposition.
public struct CanonicalConvolution: FactorizationMethod {
  /// The name in recipes: `cp`.
  public static let name = "cp"
  /// Changes when results change; part of a trial's address.
  public static let revision = 1
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "replace convolutions by 1x1, depthwise column, depthwise row and 1x1 (CP)",
    description: """
      Replaces a convolution of O filters over I channels by four layers: a 1x1 to r channels (NAME.reduce), a \
      depthwise Kh x 1 (NAME.column), a depthwise 1 x Kw (NAME.row), and a 1x1 to O channels, which keeps the bias \
      and the name. With `split: false` one depthwise kernel replaces the two. The vectors come from alternating \
      least squares in double precision, the best of `starts` starts. Many kernels have no nearest sum of r \
      products: terms then grow and cancel one another, and neither training nor quantization survives that. \
      `penalty` on the squared norms of the terms bounds them; 0 switches it off, and a warning says how large the \
      terms became. Ranks by energy are searched for; the rank by variational Bayes is the larger one of both \
      channel axes. Grouped convolutions, 1x1 kernels, and layers whose factors would have no fewer parameters, r(I \
      + Kh + Kw + O), stay as they are.
      """,
    formula:
      "K[o,i,u,v] ≈ Σ_{t≤r} A[o,t]·B[i,t]·C[u,t]·D[v,t]; min ‖K - K̂‖² + penalty·Σ_t ‖term t‖² over A, B, C, D in turn",
    paper:
      "Lebedev, Ganin, Rakhuba, Oseledets, Lempitsky, 2015, Speeding-up convolutional neural networks using fine-tuned "
      + "CP-decomposition, arXiv:1412.6553; Phan et al., 2020, Stable low-rank tensor decomposition for compression of "
      + "convolutional neural network, arXiv:2008.05441")

  /// The share of the kernel's squared norm to keep, 0.001...1.
  public var energy = 0.9
  /// The share of the layer's weights to keep, 0.001...1; overrides the energy if given.
  public var keptRatio: Double?
  /// The rule for ranks, a budget, and the fit afterwards.
  public var choice = RankChoice()
  /// True if columns and rows of taps are separate layers.
  public var split = true
  /// The weight of the terms' squared norms, relative to the kernel's, 0...1; 0 leaves terms unbounded.
  public var penalty = 1e-5
  /// Rounds of alternating least squares over all axes.
  public var iterations = 100
  /// Random starts, of which the best is kept, 1...100.
  public var starts = 1

  /// Creates it with its default settings.
  public init() {}

  /// Settings: `energy`, `keptRatio`, `split`, `penalty`, `iterations`, `starts`, and those of `RankChoice`.
  public static var settings: [Setting<CanonicalConvolution>] {
    rankSettings + [
      Setting(
        "split", \.split,
        "true makes separate layers of the rows and the columns of taps; false one depthwise layer"),
      Setting(
        "penalty", \.penalty, in: 0...1,
        "weight of the terms' squared norms, relative to the kernel's; 0 for none"),
      Setting(
        "iterations", \.iterations, in: 1...100_000,
        "rounds in which each axis is fitted with the others fixed"),
      Setting("starts", \.starts, in: 1...100, "random starts, of which the best is kept"),
    ] + choiceSettings
  }

  /// Refuses grouped convolutions, 1x1 kernels, and layers with no more weights than their factors of rank 1.
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

  /// Replaces each layer by its factors at the chosen rank; warns if terms are large and cancel one another.
  public func compress(_ compression: inout Compression<CanonicalConvolution>) throws -> Rewrite {
    let largest = LargestTerms()
    var rewrite = try Self.factorize(&compression) { settings, node, compression in
      try CanonicalFactors(node, settings, in: compression.graph, key: compression.random.next(), largest)
    }
    if let worst = largest.worst {
      rewrite.warnings.append(
        "\(worst.layer): a term is \((10 * worst.norm).rounded() / 10) times as large as the kernel: terms cancel one "
          + "another, and the factors will not survive training or few bits; raise the penalty, or keep fewer terms"
      )
    }
    return rewrite
  }
}

/// Keeps the largest term of all layers that are made.
final class LargestTerms {
  /// Terms up to this multiple of the kernel's norm do no harm.
  private static let harmless = 5.0
  /// The layer with the largest harmful term, and that term's norm over the kernel's.
  private(set) var worst: (layer: String, norm: Double)?

  /// Takes note of a layer's largest term.
  func note(_ layer: String, _ norm: Double) {
    if norm > max(Self.harmless, worst?.norm ?? 0) { worst = (layer, norm) }
  }
}

/// A convolution as a chain of layers whose kernels are vectors.
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

  /// Takes a convolution apart; `nil` if the node is none.
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

  /// True if the kernel has several rows and columns, and these become separate layers.
  private var isSplit: Bool { settings.split && conv.kernel.height > 1 && conv.kernel.width > 1 }

  /// Eight: each decomposition takes seconds.
  var steps: Int { 8 }

  /// All ranks that the decomposition may need and that save parameters.
  ///
  /// No kernel needs more terms than it has elements divided by its longest axis.
  var ranks: [Int] {
    let extents = kernel.shape.dimensions
    let most = extents.reduce(1, *) / max(extents.max() ?? 1, 1)
    let weights = isSplit ? conv.kernel.height + conv.kernel.width : conv.kernel.count
    let affordable = kernel.shape.count / (extents[0] + extents[1] + weights)
    return Array(1...max(1, min(most, affordable)))
  }

  /// The least rank that holds the energy, by bisection.
  ///
  /// Bisection takes it that more terms hold more; the luck of random starts may break that.
  func rank(holding energy: Double) throws -> Int {
    var (low, high) = (0, ranks.count - 1)
    while low < high {
      let middle = (low + high) / 2
      if try lost(ranks[middle]) <= 1 - energy { high = middle } else { low = middle + 1 }
    }
    return ranks[low]
  }

  /// The larger of the ranks that variational Bayes finds along both channel axes.
  func bayesianRank() throws -> Int {
    let (filters, inputs) = (kernel.shape[0], kernel.shape[1])
    let byInput = try kernel.exchangingLeadingAxes()
    let found = try [
      kernel.reshaped([filters, kernel.shape.count / filters]),
      byInput.reshaped([inputs, kernel.shape.count / inputs]),
    ].map { try $0.svd().bayesianRank().rank }
    return min(max(1, found.max() ?? 1), ranks.count)
  }

  /// The share of the kernel's squared norm that the decomposition of a rank does not hold.
  func lost(_ rank: Int) throws -> Double { try decomposition(rank).lost }

  /// The decomposition of a rank, the same whenever it is asked for.
  private func decomposition(_ rank: Int) throws -> CanonicalPolyadic {
    var random = SeededRandom(seed: key, purpose: "cp", rank)
    let shape = kernel.shape
    let tensor = isSplit ? kernel : kernel.reshaped([shape[0], shape[1], shape[2] * shape[3]])
    return try tensor.canonicalPolyadic(
      rank: rank, penalty: settings.penalty, iterations: settings.iterations, starts: settings.starts,
      random: &random)
  }

  /// The chain `NAME.reduce`, `NAME.column`, `NAME.row` and the 1x1 of the old name.
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

  /// The depthwise layers with their names.
  private func taps(_ rank: Int) -> [(name: String, op: Conv2D)] {
    var whole = conv
    (whole.filters, whole.groups, whole.bias) = (rank, rank, false)
    guard isSplit else { return [(names[1], whole)] }
    return [(names[1], whole.columnOfTaps), (names[2], whole.rowOfTaps)]
  }
}
