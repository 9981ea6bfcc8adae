public import Settings
import Tensors

/// Scores units by the sum of their absolute weights.
public struct AbsoluteSum: Saliency {
  /// The name in recipes: `l1`.
  public static let name = "l1"
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "the sum of a unit's absolute weights",
    description: """
      A filter of small weights makes small values. A channel counts by the filters that make it, in all layers of its \
      group: those of sums that tie layers together, and depthwise ones that follow. Single weights are ranked across \
      layers as they are, larger units over the mean of their layer.
      """,
    formula: "score = sum of |w| over the unit, of a channel over the filters that make it",
    paper: """
      Li, Kadav, Durdanovic, Samet, Graf, "Pruning filters for efficient ConvNets", 2017, arXiv:1608.08710
      """)

  /// Creates it; there are no settings.
  public init() {}

  /// There are no settings.
  public static var settings: [Setting<AbsoluteSum>] { [] }

  /// Σ|w| over each unit, over the filters that make it for a channel.
  public func scores(
    of sets: [UnitSet], _ context: inout SaliencyContext
  ) throws -> [[Double]] {
    let weights = context.weights(of: sets, .making)
    return sets.map { set in
      set.sums(.making) { name in weights[name].map { weight in { Double(abs(weight.values[$0])) } } }
    }
  }
}
