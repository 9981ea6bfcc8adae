public import Settings

/// The mean absolute change of single images' losses when a channel is removed, over the norm of its layer's.
public struct ActivationTaylor: Saliency {
  public static let name = "taylor-activation"
  public static let documentation = MethodDocumentation(
    summary: "the mean absolute first-order change of single images' losses without a channel",
    description: """
      The change of an image's own loss without a channel is, to first order, the sum over the channel's places of its \
      value times the derivative of the loss by it: the same as gradient times weight over the weights that read it. Its \
      absolute value is averaged over images, one by one, so that images of opposite signs do not cancel, and divided by \
      the Euclidean norm over the channels of the layer, so that layers can be ranked together. (The number of places, by \
      which the paper divides, is equal within a layer and cancels.)
      """,
    formula:
      "score = t/sqrt(sum of t^2 over the layer), t = mean over images of |sum over places of a·dloss/da|",
    paper: """
      Molchanov, Tyree, Karras, Aila, Kautz, "Pruning convolutional neural networks for resource efficient inference", \
      2017, arXiv:1611.06440
      """)
  public static let kinds: Set<UnitKind> = [.channel]

  /// Training images to look at.
  public var images: Int?

  /// As many images as the method looks at.
  public init() {}

  public static var settings: [Setting<ActivationTaylor>] { [SaliencyCatalogue.imagesSetting(\.images)] }

  public var evidence: Set<EvidenceKind> { [.imageGradients] }
  public func scale(of kind: UnitKind) -> ScoreScale { .plain }

  public func scores(
    of sets: [UnitSet], _ context: inout SaliencyContext
  ) throws -> [[Double]] {
    let changes = try context.meanChanges(of: sets, .reading, images: images, per: .images) { abs($2) }
    return changes.map { changes in
      let norm = changes.reduce(0) { $0 + $1 * $1 }.squareRoot()
      return norm > 0 ? changes.map { $0 / norm } : changes
    }
  }
}
