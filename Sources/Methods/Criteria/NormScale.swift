public import Settings
import Tensors

/// Scores channels by the absolute scales of the batch norms that they go through.
public struct NormScale: Saliency {
  /// The name in recipes: `norm-scale`.
  public static let name = "norm-scale"
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "the absolute batch-norm scale of a channel: network slimming",
    description: """
      The scale of a batch norm sets the size of a channel, whatever made the channel. A penalty on these scales \
      (norm-scale) drives those of superfluous channels to zero during training; these channels can then be removed. \
      If a group of coupled channels goes through several norms, their absolute scales are averaged. Scores are \
      compared across layers as they are. Channels without a batch norm stay.
      """,
    formula: "score = mean of |scale| over the batch norms of the channel",
    paper: """
      Liu, Li, Shen, Huang, Yan, Zhang, "Learning efficient convolutional networks through network slimming", 2017, \
      arXiv:1708.06519
      """)
  /// Channels alone.
  public static let kinds: Set<UnitKind> = [.channel]
  /// True: channels without a batch norm are left alone.
  public static let isSelective = true

  /// Creates it; there are no settings.
  public init() {}

  /// There are no settings.
  public static var settings: [Setting<NormScale>] { [] }

  /// Scores are compared as they are.
  public func scale(of kind: UnitKind) -> ScoreScale { .plain }

  /// Refuses sets that no batch norm scales.
  public func obstacle(to set: UnitSet) -> String? {
    set.parameters(.scaling).isEmpty ? "no batch norm scales its channels" : nil
  }

  /// The mean of |scale| over the batch norms of each channel.
  public func scores(
    of sets: [UnitSet], _ context: inout SaliencyContext
  ) throws -> [[Double]] {
    let scales = context.weights(of: sets, .scaling)
    return sets.map { set in
      let sums = set.sums(.scaling) { name in
        scales[name].map { scale in { Double(abs(scale.values[$0])) } }
      }
      // A unit may have several channels of one norm, as behind a shuffle.
      let counts = set.sums(.scaling) { _ in { _ in 1 } }
      return zip(sums, counts).map { $1 > 0 ? $0 / $1 : 0 }
    }
  }
}
