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
      A filter of small weights makes small values. The score of a channel is over the filters that make it in all \
      layers of its group: layers that a sum ties together, and depthwise layers that follow. Single weights are \
      compared across layers by their scores as they are; scores of larger units are divided by the mean score of \
      their layer first.
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
