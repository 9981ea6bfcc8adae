import Encodings
public import Graphs
public import Settings
import Tensors

/// Prunes the weights that have contributed least to the fall of the loss in training.
public struct KarninPruning: WeightPruningMethod {
  /// The name in recipes: `karnin-pruning`.
  public static let name = "karnin-pruning"
  /// Changes when results change; part of a trial's address.
  public static let revision = 1
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "prune the weights that contributed least to the fall of the loss in training",
    description: """
      Estimates the loss without a weight from the way that the weight has taken in training. The derivative of the \
      loss by the weight is integrated along the stage's training; the fall of the loss that this explains is \
      extrapolated in a straight line from the distance moved to the whole weight. At each of `times` points the \
      gradients of training images are computed, with norms by their running statistics, and joined by the \
      trapezoidal rule. Karnin instead sums, at every update, the terms of plain gradient descent. The last point \
      masks the weights of the lowest scores for good; the training after it recovers. Use a stage in which weights \
      move far, best the training from their initialization (a student with its own `network`): the estimate is \
      poor for a weight that has hardly moved, and a weight that has not moved is scored by gradient times weight.
      """,
    formula: """
      score = |w·I/(w - w0)|, w0 from the first point, I = sum over the points of (g + g')/2·(w' - w), which is the integral of \
      dE/dw along the way; |w·g| where w = w0. Karnin's I is -sum over the updates of (w' - w)^2/rate
      """,
    paper: """
      Karnin, "A simple procedure for pruning back-propagation trained neural networks", 1990, IEEE Transactions on Neural \
      Networks 1(2), doi:10.1109/72.80236
      """)

  /// The sparsity, and the points at which gradients are taken.
  public var amount = PruningAmount(sparsity: 0.8)
  /// Training images whose gradients are taken at each point.
  public var images = 1024
  /// The sensitivity of each weight along its way through training.
  public var criterion: any Saliency { KarninSensitivity(images: images) }

  /// Prunes four of five weights, after 20 points.
  public init() {
    amount.times = 20
    amount.share = 0.8
  }

  /// Prunes to a sparsity.
  public init(sparsity: Double, scope: any Allocation = .global) {
    self.init()
    amount.sparsity = sparsity
    amount.scope = scope
  }

  /// Settings: those of `PruningAmount` without `schedule` and `initialSparsity`, `images`.
  public static var settings: [Setting<KarninPruning>] {
    // All weights go at the last point, so no share grows, and one point would trace no way.
    PruningAmount.settings(\.amount, of: "weights", [.element])
      .filter { !["schedule", "initialSparsity", "times"].contains($0.name) } + [
        Setting("times", \.amount.times, in: 2...1000, "number of points at which gradients are computed"),
        Setting(
          "images", \.images, in: 1...1_000_000, "training images for the gradients at each point"),
      ]
  }

  /// Acts at `times` points, of which the last prunes.
  public var pacing: Pacing { .gradual(times: amount.times, share: amount.share) }
  /// Random pruning of the same amount at the last point.
  public var randomControl: (any CompressionMethod)? { RandomPruning(amount: amount.atLast) }

  /// Follows each weight's way by its mean gradient; masks the weights of the lowest scores at the last
  /// point.
  public func compress(_ compression: inout Compression<KarninPruning>) throws -> Rewrite {
    guard compression.progress < 1 else {
      let (graph, weights) = try chosen(&compression)
      return try masked(graph.shipped, weights, compression)
    }
    let weights = compression.layers.flatMap { compression.graph.prunableWeights(of: $0.node) }
    guard !weights.isEmpty else {
      throw MethodError.nothingToDo(
        method: Self.name, reason: "the network has no layers with weights, or the recipe leaves them all out"
      )
    }
    let slopes = try compression.evidence.meanGradients(images: images)
    var graph = compression.graph
    for (name, parameter) in weights {
      let inner = try parameter.plainFloats(name, for: Self.name)
      guard let slope = slopes[name] else { continue }
      let way = (parameter.encoding as? Traced)?.followed(to: parameter.projected.values, slope: slope)
      graph.parameters[name]?.encoding =
        way ?? Traced(at: parameter.projected.values, slope: slope, inner: inner)
    }
    return Rewrite(inPlace: graph)
  }
}

/// Scores weights that karnin-pruning has followed by their part in the fall of the loss.
private struct KarninSensitivity: Saliency {
  static let name = "karnin"
  static let documentation = KarninPruning.documentation
  static let kinds: Set<UnitKind> = [.element]
  static var settings: [Setting<KarninSensitivity>] {
    [Setting("images", \.count, in: 1...1_000_000, "training images for the gradients")]
  }

  private var count = 1024
  var evidence: Set<EvidenceKind> { [.gradients] }

  init() {}
  init(images: Int) { count = images }

  func scores(of sets: [UnitSet], _ context: inout SaliencyContext) throws -> [[Double]] {
    let slopes = try context.evidence.meanGradients(images: count)
    let graph = context.graph
    return sets.map { set in
      set.sums(.making) { name in
        guard let parameter = graph.parameters[name], let slope = slopes[name] else { return nil }
        let weights = parameter.projected.values
        let way =
          (parameter.encoding as? Traced)?.followed(to: weights, slope: slope)
          ?? Traced(at: weights, slope: slope)
        return { element in
          let weight = Double(weights[element])
          let gone = weight - Double(way.start[element])
          let mean = gone == 0 ? Double(slope[element]) : Double(way.integral[element]) / gone
          return abs(weight * mean)
        }
      }
    }
  }
}

extension Evidence {
  /// The mean over batches of the mean loss's gradient by every trainable parameter, row-major.
  fileprivate func meanGradients(images: Int) throws -> [String: [Float]] {
    var sums: [String: [Double]] = [:]
    var batches = 0.0
    try forEachGradient(images: images) { gradients in
      batches += 1
      for (name, gradient) in gradients {
        var sum = sums.removeValue(forKey: name) ?? Array(repeating: 0, count: gradient.values.count)
        for i in sum.indices { sum[i] += Double(gradient.values[i]) }
        sums[name] = sum
      }
    }
    return sums.mapValues { sum in sum.map { Float($0 / batches) } }
  }
}
