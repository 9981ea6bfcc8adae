public import Settings

/// Scores units by their share of the loss's sensitivity to all connections, as SNIP does.
public struct ConnectionSensitivity: Saliency {
  /// The name in recipes: `snip`.
  public static let name = "snip"
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "sensitivity of the loss to a connection: pruning at initialization (SNIP)",
    description: """
      Each weight is multiplied by a connection of strength 1. The loss is as sensitive to the connection as its \
      absolute derivative by that strength, which is gradient times weight. Derivatives are summed over batches and \
      over the weights of larger units, of a channel over the weights that read it, before the absolute value is \
      taken. The result is divided by the sum over all units. The criterion is made for networks that are not \
      trained yet: in the first stage of a student with its own `network` it prunes at initialization. In a \
      trained network it says less, because gradients are small there. Scores are shares of one loss, so they are \
      compared across layers as they are.
      """,
    formula: "score = |sum over batches and the unit of g·w| / sum of that over all units",
    paper: """
      Lee, Ajanthan, Torr, "SNIP: single-shot network pruning based on connection sensitivity", 2019, arXiv:1810.02340
      """)

  /// Training images to look at; `nil` takes the method's number.
  public var images: Int?

  /// Looks at as many images as the method.
  public init() {}

  /// Settings: `images`.
  public static var settings: [Setting<ConnectionSensitivity>] { [SaliencyCatalogue.imagesSetting(\.images)] }

  /// Gradients.
  public var evidence: Set<EvidenceKind> { [.gradients] }
  /// Scores are compared as they are: they are shares of one sum.
  public func scale(of kind: UnitKind) -> ScoreScale { .plain }

  /// |Σ g·w| over batches and the unit, divided by the sum over all units of all sets.
  public func scores(
    of sets: [UnitSet], _ context: inout SaliencyContext
  ) throws -> [[Double]] {
    let sums = try context.meanChanges(of: sets, .reading, images: images) { $2 }
    let sensitivities = sums.map { $0.map(abs) }
    let total = sensitivities.reduce(0) { $1.reduce($0, +) }
    return total > 0 ? sensitivities.map { $0.map { $0 / total } } : sensitivities
  }
}
