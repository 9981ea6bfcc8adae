public import Settings

/// Scores units by their share of the loss's sensitivity to all connections, as SNIP does.
public struct ConnectionSensitivity: Saliency {
  /// The name in recipes: `snip`.
  public static let name = "snip"
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "how sensitive the loss is to a connection: pruning at initialization",
    description: """
      A connection of strength 1 multiplies each weight; the loss is as sensitive to it as the derivative by that strength \
      says, gradient times weight. Derivatives are summed over batches before their size is taken, over the weights of \
      larger units too (of a channel, those that read it), and divided by the sum over all units. Made for networks that \
      have not been trained: it prunes at initialization where it stands in the first stage of a student whose teacher's \
      network has its weights drawn and not trained; of a trained network it tells less, as the gradients are small there. \
      Scores are shares of one loss, so they are ranked across layers as they are.
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
