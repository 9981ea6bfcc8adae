public import Settings
import Tensors

/// How few of the weights that make or read a channel are nearly zero: the two-layer choice of the multi-layer framework.
public struct ZeroShare: Saliency {
  public static let name = "zero-share"
  public static let documentation = MethodDocumentation(
    summary: "the share of weights that are not nearly zero, where a channel is made or read",
    description: """
      A penalty l1 drives weights to zero; a channel goes when most of its filter is zero, or most of the weights of the next \
      layer that read it. One threshold says for all layers what counts as zero. Of the two shares the smaller decides: \
      a filter that makes much of what nobody reads is as little use as one that makes nothing.
      """,
    formula: """
      score = 1 - max(share of |w| < threshold in the filters that make it, share of |w| < threshold in what reads it)
      """,
    paper: """
      Singh, Kadi, Iyer, Sheet, Namboodiri, "Multi-layer pruning framework for compressing single shot multibox detector", \
      WACV 2019, arXiv:1811.08342
      """)
  public static let kinds: Set<UnitKind> = [.channel]

  /// What counts as zero: smaller absolute weights.
  public var threshold = 1e-3

  /// Weights below a thousandth.
  public init() {}

  public static var settings: [Setting<ZeroShare>] {
    [Setting("threshold", \.threshold, in: 0...1_000, "absolute weights below this count as zero")]
  }

  public func scale(of kind: UnitKind) -> ScoreScale { .plain }

  public func scores(
    of sets: [UnitSet], _ context: inout SaliencyContext
  ) throws -> [[Double]] {
    let (making, reading) = (context.weights(of: sets, .making), context.weights(of: sets, .reading))
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
}
