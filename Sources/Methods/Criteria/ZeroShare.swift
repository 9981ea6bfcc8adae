import Graphs
public import Settings
import Tensors

/// Scores channels by the share of their weights that are not nearly zero, where they are made or read.
///
/// This is the two-layer choice of the multi-layer pruning framework.
public struct ZeroShare: Saliency {
  /// The name in recipes: `zero-share`.
  public static let name = "zero-share"
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "share of weights that are not nearly zero, in the filter or in what reads the channel",
    description: """
      The penalty l1 drives weights to zero. A channel goes if most weights of its filter are zero, or if most \
      weights of the next layer that read it are zero: of the two shares of weights that are not zero the smaller \
      decides. One threshold says for all layers which weights count as zero. With `rise` the threshold is found: \
      the largest one at which all smaller weights of the layers that are pruned together can be set to zero while \
      the mean loss over training images rises by no more than `rise`. On a schedule each point may raise the loss \
      by as much. If the largest score of a layer is 1, "below: 0.1" of channel-pruning removes the channels of \
      which nine tenths are zeros.
      """,
    formula: """
      score = 1 - max(share of |w| < t in the filters that make it, share of |w| < t in the weights that read it); t = \
      threshold, or the largest t with loss(w·[|w| >= t] in all layers that are pruned) <= loss(w) + rise
      """,
    paper: """
      Singh, Kadi, Iyer, Sheet, Namboodiri, "Multi-layer pruning framework for compressing single shot multibox detector", \
      WACV 2019, arXiv:1811.08342
      """)
  /// Channels alone.
  public static let kinds: Set<UnitKind> = [.channel]

  /// The absolute weight below which a weight counts as zero.
  public var threshold = 1e-3

  /// The rise of the mean loss at which the threshold is found; `nil` takes `threshold`.
  ///
  /// The found threshold is the largest at which all smaller weights can be zero.
  public var rise: Double?
  /// Training images on which the loss is measured; `nil` takes the method's number.
  public var images: Int?

  /// Counts weights below a thousandth as zero.
  public init() {}

  /// Settings: `threshold`, `rise`, `images`.
  public static var settings: [Setting<ZeroShare>] {
    [
      Setting("threshold", \.threshold, in: 0...1_000, "absolute weights below this count as zero"),
      Setting(
        "rise", \.rise, in: 0...100,
        "largest rise of the mean loss, for which the threshold is found; null takes the given threshold"
      ),
      SaliencyCatalogue.imagesSetting(\.images),
    ]
  }

  /// Losses, if the threshold is to be found.
  public var evidence: Set<EvidenceKind> { rise == nil ? [] : [.losses] }

  /// Scores are compared as they are: they are shares.
  public func scale(of kind: UnitKind) -> ScoreScale { .plain }

  /// 1 minus the larger share of |w| < t: in the filters that make the channel, or in the weights that read it.
  public func scores(
    of sets: [UnitSet], _ context: inout SaliencyContext
  ) throws -> [[Double]] {
    let (making, reading) = (context.weights(of: sets, .making), context.weights(of: sets, .reading))
    let threshold = try rise.map { try largestThreshold(of: making, raisingBy: $0, context) } ?? threshold
    return sets.map { set in
      func shares(_ relation: UnitRelation, _ weights: [String: Tensor]) -> [Double] {
        let zeros = set.sums(relation) { name in
          weights[name].map { weight in { Double(abs(weight.values[$0])) < threshold ? 1 : 0 } }
        }
        let counts = set.sums(relation) { _ in { _ in 1 } }
        return zip(zeros, counts).map { $1 > 0 ? $0 / $1 : 0 }
      }
      return zip(shares(.making, making), shares(.reading, reading)).map { 1 - max($0, $1) }
    }
  }
  /// The largest threshold below which all weights can be zero while the mean loss rises by at most `rise`.
  ///
  /// Found by halving, to a thousandth of the weights; the loss is taken to grow with the threshold. Throws
  /// if the loss is not finite to begin with.
  private func largestThreshold(
    of weights: [String: Tensor], raisingBy rise: Double, _ context: SaliencyContext
  ) throws -> Double {
    let images = images ?? context.images
    let magnitudes = weights.values.flatMap { $0.values.map(abs) }.sorted()
    guard let largest = magnitudes.last else { return 0 }
    func loss(below threshold: Float) throws -> Double {
      var graph = context.graph
      for (name, weight) in weights {
        guard var value = graph.parameters[name]?.value else { continue }
        for place in value.values.indices where abs(weight.values[place]) < threshold {
          value.values[place] = 0
        }
        graph.parameters[name]?.value = value
      }
      return try context.evidence.meanLoss(of: graph, images: images)
    }
    let limit = try loss(below: 0) + rise
    guard limit.isFinite else {
      throw MethodError.evidence(
        method: Self.name,
        reason: "the network's loss is not finite before anything is removed; train it at a lower rate first")
    }
    guard try !(loss(below: largest.nextUp) <= limit) else { return Double(largest.nextUp) }
    // The number of the smallest weights that can go, and one that is too many; a loss that is no number is
    // too much.
    var (few, many) = (0, magnitudes.count)
    while many - few > max(1, magnitudes.count / 1024) {
      let middle = (few + many) / 2
      if try loss(below: magnitudes[middle]) <= limit { few = middle } else { many = middle }
    }
    return Double(magnitudes[few])
  }
}
