public import Settings

/// Scores channels by the mean absolute first-order change of single images' losses, relative to their layer.
public struct ActivationTaylor: Saliency {
  /// The name in recipes: `taylor-activation`.
  public static let name = "taylor-activation"
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "the mean absolute first-order change of single images' losses without a channel",
    description: """
      To first order, the loss of an image changes without a channel by the sum over the channel's places of value \
      times derivative of the loss by the value. That is the same as gradient times weight over the weights that \
      read the channel. The absolute value is taken image by image and then averaged, so that images of opposite \
      signs do not cancel. It is divided by the Euclidean norm over the channels of the layer, so that layers can be \
      compared. (The paper also divides by the number of places, which is equal within a layer and cancels.)
      """,
    formula:
      "score = t/sqrt(sum of t^2 over the layer), t = mean over images of |sum over places of a·dloss/da|",
    paper: """
      Molchanov, Tyree, Karras, Aila, Kautz, "Pruning convolutional neural networks for resource efficient inference", \
      2017, arXiv:1611.06440
      """)
  /// Channels alone.
  public static let kinds: Set<UnitKind> = [.channel]

  /// Training images to look at; `nil` takes the method's number.
  public var images: Int?

  /// Looks at as many images as the method.
  public init() {}

  /// Settings: `images`.
  public static var settings: [Setting<ActivationTaylor>] { [SaliencyCatalogue.imagesSetting(\.images)] }

  /// Gradients of single images.
  public var evidence: Set<EvidenceKind> { [.imageGradients] }
  /// Scores are compared as they are: they are relative to the layer's norm already.
  public func scale(of kind: UnitKind) -> ScoreScale { .plain }

  /// The mean over images of |Σ a·∂loss/∂a| over places, divided by the Euclidean norm over the set.
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
