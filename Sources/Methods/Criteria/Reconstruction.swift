import Graphs
import LinearAlgebra
public import Settings
public import Tensors

/// Scores channels by the penalty at which the lasso drops them, and fits the next layers to do without them.
public struct Reconstruction: Saliency {
  /// The name in recipes: `reconstruction`.
  public static let name = "reconstruction"
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "lasso selection of channels, and least squares of the next layers without the others",
    description: """
      Selects channels such that the next layers can make the same outputs of fewer. At sampled places of training \
      images the contribution of each channel to the outputs gets a factor. A lasso penalty on the absolute factors, \
      with weights brought to equal norms, is lowered step by step, and channels enter one after another: the score \
      of a channel is the penalty at which it enters. Then the weights that read channels of which some go are \
      fitted, layer by layer, by least squares to the outputs that the layer made before; a bias is fitted too. The \
      inputs come from the network in which earlier layers have lost their channels and are fitted already, so that \
      errors do not add up. A ridge keeps weights near their old values where the images say nothing. Layers with \
      masks or on integer grids are not fitted. Scores are divided by the mean score of their layer before layers \
      are compared.
      """,
    formula: """
      score = the penalty p at which b_i enters min over b of |Y - sum of b_i·X_i·W_i/|W_i| |^2/(2N) + p·|b|_1; then \
      min over W' of |Y - X'·W'|^2 + e·|W' - W|^2 with e = ridge·mean diagonal of X'^T·X'
      """,
    paper: """
      He, Zhang, Sun, "Channel pruning for accelerating very deep neural networks", ICCV 2017, arXiv:1707.06168
      """)
  /// Channels alone.
  public static let kinds: Set<UnitKind> = [.channel]

  /// Places of each layer's output that are sampled in each image, 1...4096.
  public var places = 10
  /// The strength that holds fitted weights near their start, relative to the mean square of inputs.
  public var ridge = 1e-3
  /// Training images to look at; `nil` takes the method's number.
  public var images: Int?

  /// Takes ten places an image.
  public init() {}

  /// Settings: `places`, `ridge`, `images`.
  public static var settings: [Setting<Reconstruction>] {
    [
      Setting("places", \.places, in: 1...4096, "places of a layer's output that are sampled in each image"),
      Setting(
        "ridge", \.ridge, in: 1e-4...1e3,
        "strength that holds fitted weights near their old values, in units of the inputs' mean square"),
      SaliencyCatalogue.imagesSetting(\.images),
    ]
  }

  /// Activations.
  public var evidence: Set<EvidenceKind> { [.activations] }

  /// The penalty at which each channel's factor becomes nonzero on a lasso path.
  public func scores(
    of sets: [UnitSet], _ context: inout SaliencyContext
  ) throws -> [[Double]] {
    let sampler = PlaceSampler(places: places, key: context.random.next())
    let layers = SampledLayer.all(of: context.graph, reading: sets.flatMap { $0.values(.reading) })
    let weights = context.weights(of: sets, .reading)
    let inputs = try rows(of: layers, in: context.graph, sampler, context)
    return try located(Self.name) {
      try sets.map { set in
        let read = Set(set.values(.reading))
        var gram = Array(repeating: Array(repeating: 0.0, count: set.count), count: set.count)
        for (layer, rows) in zip(layers, inputs) where read.contains(layer.value) {
          try Self.add(layer.contributions(rows, set), to: &gram)
        }
        let squares = set.sums(.reading) { name in
          weights[name].map { weight in { Double(weight.values[$0]) * Double(weight.values[$0]) } }
        }
        return LassoPath(gram: gram, norms: squares.map { $0.squareRoot() }).entries
      }
    }
  }

  /// Adds the products of one layer's contributions.
  private static func add(_ terms: [[Double]], to gram: inout [[Double]]) {
    for i in gram.indices { for j in gram.indices { gram[i][j] += terms[i][j] } }
  }

  /// Fits the weights that read the channels of a set by least squares, layer by layer.
  ///
  /// Inputs come from the network in which earlier layers have lost their channels and are fitted already.
  public func compensation(
    for losses: [(set: UnitSet, isGone: [Bool])], _ context: inout SaliencyContext
  ) throws -> [String: Tensor] {
    var gone: [String: Set<Int>] = [:]
    for loss in losses {
      for unit in loss.isGone.indices where loss.isGone[unit] {
        for (value, channels) in loss.set.channels(of: unit) { gone[value, default: []].formUnion(channels) }
      }
    }
    let sampler = PlaceSampler(places: places, key: context.random.next())
    let layers = SampledLayer.all(of: context.graph, reading: Array(gone.keys))
    let inputs = try rows(of: layers, in: context.graph, sampler, context)
    var smaller = context.graph
    for layer in layers {
      smaller.parameters[layer.weightName]?.value = layer.weight(without: gone[layer.value] ?? [])
    }
    var fitted: [String: Tensor] = [:]
    for (layer, before) in zip(layers, inputs) {
      let now = try rows(of: [layer], in: smaller, sampler, context)[0]
      let fit = try located("\(Self.name): \(layer.node.name)") {
        try layer.fitted(before: before, now: now, without: gone[layer.value] ?? [], ridge: ridge)
      }
      for (name, tensor) in fit {
        smaller.parameters[name]?.value = tensor
        fitted[name] = tensor
      }
    }
    return fitted
  }

  /// The sampled inputs of layers in a network.
  private func rows(
    of layers: [SampledLayer], in graph: Graph, _ sampler: PlaceSampler, _ context: SaliencyContext
  ) throws -> [SampledRows] {
    try sampler.rows(
      of: layers, in: graph, images: images ?? context.images, real: true, context.evidence)
  }
}

/// The penalties at which channels enter a lasso whose target is the sum of all their contributions.
///
/// It minimizes `bᵀGb/2 - b·c + p·|b|₁` over factors b of contributions of equal weight norms. Coordinate
/// descent is run for penalties that fall by a tenth, from the largest at which a channel enters.
struct LassoPath {
  /// The penalty at which each channel enters, 0 if it never does.
  ///
  /// Of channels that enter together, the one with the larger factor gets the larger number.
  private(set) var entries: [Double]

  /// Follows the path for `gram [channels, channels]`, mean products of contributions, and norms of their
  /// weights.
  init(gram: [[Double]], norms: [Double]) {
    let count = norms.count
    entries = Array(repeating: 0, count: count)
    let active = (0..<count).filter { norms[$0] > 0 && gram[$0][$0] > 0 && gram[$0][$0].isFinite }
    let gram = active.map { i in active.map { gram[i][$0] / norms[i] / norms[$0] } }
    let target = gram.map { row in zip(row, active).reduce(0) { $0 + $1.0 * norms[$1.1] } }
    var penalty = target.map(abs).max() ?? 0
    let last = penalty * 1e-5
    var factors = Array(repeating: 0.0, count: active.count)
    // The part of each channel's target that the factors do not make yet.
    var rest = target
    while penalty > last, active.contains(where: { entries[$0] == 0 }) {
      for _ in 0..<200 {
        var change = 0.0
        for i in active.indices {
          let free = rest[i] + gram[i][i] * factors[i]
          // Soft thresholding: the minimum over one factor while the others stay.
          let next = max(abs(free) - penalty, 0) / gram[i][i] * (free < 0 ? -1 : 1)
          let step = next - factors[i]
          guard step != 0 else { continue }
          change = max(change, abs(step) * gram[i][i])
          factors[i] = next
          for j in active.indices { rest[j] -= gram[i][j] * step }
        }
        if change <= 1e-6 * penalty { break }
      }
      let total = factors.reduce(0) { $0 + abs($1) }
      for (i, channel) in active.enumerated() where entries[channel] == 0 && factors[i] != 0 {
        entries[channel] = penalty * (1 + 0.1 * abs(factors[i]) / total)
      }
      penalty *= 0.9
    }
  }
}
