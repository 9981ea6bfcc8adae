public import Graphs
public import Settings
import Tensors

/// Sets the weakest filters to zero again and again while they go on learning, and removes them at the end.
public struct SoftFilterPruning: ChannelPruningMethod {
  /// The name in recipes: `soft-filter-pruning`.
  public static let name = "soft-filter-pruning"
  /// Changes when results change; part of a trial's address.
  public static let revision = 1
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "set the weakest filters to zero while all go on learning, then remove them",
    description: """
      At each of `times` points (in the paper one for each epoch) the filters that make the channels of the lowest \
      scores are set to zero, in all tied layers. Training goes on with all filters, so a filter that was chosen \
      wrongly can grow again. The last point removes the channels that have the lowest scores then, as \
      channel-pruning does; the training after it recovers. With a gradual schedule the share of filters that are \
      set to zero grows.
      """,
    formula: """
      w = 0 in the filters of the round(s(p)·n) lowest of n channels by their Euclidean norms; at p = 1 these are removed
      """,
    paper: """
      He, Kang, Dong, Fu, Yang, "Soft filter pruning for accelerating deep convolutional neural networks", 2018, \
      arXiv:1808.06866; growing shares: He, Dong, Kang, Fu, Yan, Yang, 2018, arXiv:1808.07471
      """)

  /// The channels to remove in the end, and the points at which filters are set to zero.
  public var pruning: ChannelPruning

  /// Removes half of each layer's filters, at 10 points over nine tenths of the stage.
  public init() { self.init(sparsity: 0.5) }

  /// Removes a share of the filters.
  public init(sparsity: Double, criterion: any Saliency = Magnitude(), scope: any Allocation = .layer) {
    pruning = ChannelPruning(sparsity: sparsity, criterion: criterion, scope: scope)
    pruning.amount.share = 0.9
  }

  /// Settings: those of `ChannelPruning`.
  public static var settings: [Setting<SoftFilterPruning>] { ChannelPruning.settings(\.pruning) }
  /// Acts at `times` points, whatever the schedule.
  public var pacing: Pacing { .gradual(times: pruning.amount.times, share: pruning.amount.share) }

  /// Zeroes the filters of the lowest scores without a mask; removes them at the last point.
  public func compress(_ compression: inout Compression<SoftFilterPruning>) throws -> Rewrite {
    var channels = compression.with(\.pruning)
    return try ChannelPruning.errors(as: Self.name) {
      let losses = try pruning.losses(&channels)
      guard compression.progress < 1 else { return try losses.removed }
      var softened = losses.compensated
      for (choice, isGone) in zip(losses.choices, losses.isGone) {
        for (name, gone) in choice.set.spread(isGone.map { $0 ? 1 : 0 }, over: [.making]) {
          guard var tensor = softened.parameters[name]?.value else { continue }
          for element in gone.indices where gone[element] > 0 { tensor.values[element] = 0 }
          softened.parameters[name]?.value = tensor
        }
      }
      return Rewrite(inPlace: softened)
    }
  }
}
