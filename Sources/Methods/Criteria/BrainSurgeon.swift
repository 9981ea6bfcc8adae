import Graphs
public import Settings
public import Tensors

/// Scores weights by optimal brain surgery, with blocks of the empirical Fisher information as the Hessian.
public struct BrainSurgeon: Saliency {
  /// The name in recipes: `obs`.
  public static let name = "obs"
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "optimal brain surgery: the rise of the loss after the other weights made up for it",
    description: """
      When a weight goes, the other weights can move so that the loss rises least. The inverse of the Hessian gives \
      both the rise and the moves. The Hessian is approximated by the empirical Fisher information, from gradients \
      of single images, plus the damping on its diagonal. Only blocks of `block` consecutive weights of a tensor are \
      kept; between blocks it is taken as zero. A unit of several weights has the rise for all its weights in a \
      block together, summed over blocks. The weights of a block that stay make up for all that go, jointly. Weights \
      that were pruned before take no part. It needs 8·block bytes of memory for each weight. Scores are changes of \
      one loss, so they are compared across layers as they are.
      """,
    formula: """
      score = w^2/(2·[F^-1]qq), of several weights S w_S·([F^-1]SS)^-1·w_S/2; the others move by \
      -[F^-1]RS·([F^-1]SS)^-1·w_S; F = damping·I + mean over images of g·g^T
      """,
    paper: """
      Hassibi, Stork, "Second order derivatives for network pruning: optimal brain surgeon", NeurIPS 1992; blocks of the \
      Fisher information: Singh, Alistarh, "WoodFisher", 2020, arXiv:2004.14340; several weights: Kurtic et al., "The \
      optimal BERT surgeon", 2022, arXiv:2203.07259
      """)
  /// Single weights, kernels and blocks.
  public static let kinds: Set<UnitKind> = [.element, .kernel, .block]

  /// Consecutive weights of a tensor whose Hessian block is used, 1...1024.
  public var block = 32
  /// The number added to the diagonal of the Fisher information, 1e-12...1e3.
  public var damping = 1e-5
  /// Training images to look at; `nil` takes the method's number.
  public var images: Int?

  /// Takes blocks of 32 weights.
  public init() {}

  /// Settings: `block`, `damping`, `images`.
  public static var settings: [Setting<BrainSurgeon>] {
    [
      Setting(
        "block", \.block, in: 1...1024,
        "consecutive weights of a tensor whose Fisher information is kept together"),
      Setting(
        "damping", \.damping, in: 1e-12...1e3, "number added to the diagonal of the Fisher information"),
      SaliencyCatalogue.imagesSetting(\.images),
    ]
  }

  /// Gradients of single images.
  public var evidence: Set<EvidenceKind> { [.imageGradients] }
  /// Scores are compared as they are: all are changes of one loss.
  public func scale(of kind: UnitKind) -> ScoreScale { .plain }

  /// Throws if the blocks of all layers would take more than 8 GB.
  private func requireMemory(_ sets: [UnitSet]) throws {
    let elements = sets.reduce(0) { $0 + $1.elementCount }
    let bytes = Double(elements) * Double(block) * 8
    guard bytes > Self.mostBytes else { return }
    throw MethodError.impossible(
      method: Self.name, node: "block",
      reason:
        "\(block) would take \(Int(bytes / 1e9)) GB for \(elements) weights; take at most "
        + "\(max(1, Int(Self.mostBytes / 8 / Double(elements)))), or leave layers out")
  }

  /// The bytes that the blocks of all layers may take.
  private static let mostBytes = 8e9

  /// The rise of the loss without a unit S when the others move: `w_S·([F^-1]SS)^-1·w_S/2`, summed over
  /// blocks.
  public func scores(
    of sets: [UnitSet], _ context: inout SaliencyContext
  ) throws -> [[Double]] {
    let weights = context.weights(of: sets, .making)
    try requireMemory(sets)
    let fisher = try fisherBlocks(sets, context)
    return zip(sets, fisher).map { set, fisher in
      var scores = Array(repeating: 0.0, count: set.count)
      let survivors = context.graph.parameters[set.name]?.survivors ?? []
      guard let values = weights[set.name]?.values else { return scores }
      for range in fisher.ranges {
        let kept = range.filter { survivors[$0] }
        let inverse = fisher.inverse(range, of: kept, damping: damping)
        for (unit, places) in Dictionary(grouping: kept.indices, by: { set.unit(of: kept[$0]) }) {
          var own = inverse.restricted(to: places)
          // Sweeping all places of the restricted inverse leaves its negative inverse, hence the minus below.
          for place in places.indices { own.sweep(place) }
          for row in places.indices {
            for column in places.indices {
              let product = Double(values[kept[places[row]]]) * Double(values[kept[places[column]]])
              scores[unit] -= product * own[row, column] / 2
            }
          }
        }
      }
      return scores
    }
  }

  /// Moves the weights that stay by `-[F^-1]RS·([F^-1]SS)^-1·w_S`, block by block.
  ///
  /// Throws if a weight would not be finite.
  public func compensation(
    for losses: [(set: UnitSet, isGone: [Bool])], _ context: inout SaliencyContext
  ) throws -> [String: Tensor] {
    let losses = losses.filter { $0.isGone.contains(true) }
    guard !losses.isEmpty else { return [:] }
    let sets = losses.map(\.set)
    let weights = context.weights(of: sets, .making)
    var moved: [String: Tensor] = [:]
    for (loss, fisher) in zip(losses, try fisherBlocks(sets, context)) {
      let name = loss.set.name
      guard var tensor = weights[name], let survivors = context.graph.parameters[name]?.survivors else {
        continue
      }
      for range in fisher.ranges {
        let kept = range.filter { survivors[$0] }
        let gone = kept.indices.filter { loss.isGone[loss.set.unit(of: kept[$0])] }
        guard !gone.isEmpty else { continue }
        var inverse = fisher.inverse(range, of: kept, damping: damping)
        // After the sweep the rows of R hold [F^-1]RS·([F^-1]SS)^-1.
        for place in gone { inverse.sweep(place) }
        let lost = gone.map { Double(tensor.values[kept[$0]]) }
        let isGone = Set(gone)
        for row in kept.indices where !isGone.contains(row) {
          let move = zip(gone, lost).reduce(0) { $0 + inverse[row, $1.0] * $1.1 }
          tensor.values[kept[row]] = Float(Double(tensor.values[kept[row]]) - move)
        }
        for place in gone { tensor.values[kept[place]] = 0 }
      }
      guard tensor.values.allSatisfy(\.isFinite) else {
        throw MethodError.impossible(
          method: Self.name, node: name,
          reason: "weights that make up for the removed ones would not be finite; raise the damping")
      }
      moved[name] = tensor
    }
    return moved
  }

  /// The blocks of the Fisher information for each set's tensor.
  private func fisherBlocks(_ sets: [UnitSet], _ context: SaliencyContext) throws -> [FisherBlocks] {
    var fisher = sets.map { set in
      FisherBlocks(count: context.graph.parameters[set.name]?.value.values.count ?? 0, block: block)
    }
    try context.evidence.forEachImageGradient(images: images ?? context.images) { gradients in
      for (index, set) in sets.enumerated() {
        if let gradient = gradients[set.name] { fisher[index].add(gradient.values) }
      }
    }
    return fisher
  }
}

/// Sums of products of a tensor's gradients, within blocks of consecutive elements.
private struct FisherBlocks {
  private let count: Int
  private let block: Int
  /// The lower triangles of `[block, block]`, block after block.
  private var sums: [Double]
  private var images = 0.0

  init(count: Int, block: Int) {
    self.count = count
    self.block = min(block, max(count, 1))
    sums = Array(repeating: 0, count: (count + self.block - 1) / self.block * self.block * self.block)
  }

  /// The elements of each block.
  var ranges: [Range<Int>] { stride(from: 0, to: count, by: block).map { $0..<min($0 + block, count) } }

  /// Adds the gradient of an image.
  mutating func add(_ gradient: [Float]) {
    images += 1
    let gradient = gradient.map(Double.init)
    let (block, count) = (block, count)
    var sums = sums.mutableSpan
    for start in stride(from: 0, to: count, by: block) {
      for row in start..<min(start + block, count) where gradient[row] != 0 {
        let first = row * block - start
        for column in start...row { sums[first + column] += gradient[row] * gradient[column] }
      }
    }
  }

  /// The inverse of a block's damped mean, restricted to the elements that are kept.
  func inverse(_ range: Range<Int>, of kept: [Int], damping: Double) -> SweptMatrix {
    var matrix = SweptMatrix(order: kept.count)
    for (row, first) in kept.enumerated() {
      for (column, second) in kept[...row].enumerated() {
        let sum = sums[first * block - range.lowerBound + second] / max(images, 1)
        matrix[row, column] = sum + (row == column ? damping : 0)
        matrix[column, row] = matrix[row, column]
      }
    }
    for place in kept.indices { matrix.sweep(place) }
    return matrix.negated
  }
}

/// A symmetric matrix that is inverted, in part or whole, by sweeping.
///
/// Sweeping the places S of A replaces `A_SS` by `-A_SS⁻¹`, `A_RS` by `A_RS·A_SS⁻¹`, and `A_RR` by
/// `A_RR - A_RS·A_SS⁻¹·A_SR`.
///
/// **Paper**: Goodnight, "A tutorial on the SWEEP operator", 1979, doi:10.1080/00031305.1979.10482685.
struct SweptMatrix {
  /// The number of rows and columns.
  let order: Int
  private var elements: [Double]

  /// A matrix of zeros.
  init(order: Int) {
    self.order = order
    elements = Array(repeating: 0, count: order * order)
  }

  /// An element.
  subscript(row: Int, column: Int) -> Double {
    get { elements[row * order + column] }
    set { elements[row * order + column] = newValue }
  }

  /// The matrix times -1.
  var negated: SweptMatrix {
    var matrix = self
    matrix.elements = elements.map { -$0 }
    return matrix
  }

  /// The rows and columns of some places, in their order.
  func restricted(to places: [Int]) -> SweptMatrix {
    var matrix = SweptMatrix(order: places.count)
    for (row, first) in places.enumerated() {
      for (column, second) in places.enumerated() { matrix[row, column] = self[first, second] }
    }
    return matrix
  }

  /// Sweeps a place whose diagonal element is not zero, in O(order²).
  mutating func sweep(_ place: Int) {
    let order = order
    let pivot = self[place, place]
    let column = (0..<order).map { self[$0, place] / pivot }
    let row = (0..<order).map { self[place, $0] }
    for i in 0..<order where i != place && column[i] != 0 {
      for j in 0..<order { elements[i * order + j] -= column[i] * row[j] }
    }
    for i in 0..<order {
      self[i, place] = column[i]
      self[place, i] = column[i]
    }
    self[place, place] = -1 / pivot
  }
}
