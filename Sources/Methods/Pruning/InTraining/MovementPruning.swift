public import Settings

/// Prunes the weights that training moves towards zero.
public struct MovementPruning: SplicingMethod {
  /// The name in recipes: `movement-pruning`.
  public static let name = "movement-pruning"
  /// Changes when results change; part of a trial's address.
  public static let revision = 1
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "prune the weights that training moves towards zero, whatever their size",
    description: """
      At each of `times` points the weights are ranked by how far they have moved away from zero since the stage \
      began (criterion movement). Masked weights are ranked too: the network computes with zeros in their place, but \
      they go on learning, as gradients pass straight through the mask, and come back if they move away from zero. \
      The last point masks for good. The method suits a trained network that learns another task, where large \
      weights are not the important ones. It needs a stage that is long enough for weights to move.
      """,
    formula: """
      score = (w^2 - w0^2)/2, w0 from the beginning of the stage: for plain gradient descent the sum of -rate·w·gradient over the \
      updates, but for terms of the rate squared; gradient by w = gradient by mask·w
      """,
    paper: """
      Sanh, Wolf, Rush, "Movement pruning: adaptive sparsity by fine-tuning", 2020, arXiv:2005.07683, which sums the scores \
      up in training
      """)

  /// The sparsity, and the schedule by which it is reached.
  public var amount = PruningAmount(sparsity: 0.8)
  /// Movement away from zero since the stage began.
  public var criterion: any Saliency { Movement() }
  /// No margin: scores may be negative, so a share of the limit has no meaning.
  public var margin: Double { 0 }

  /// Prunes four of five weights in the end, at 20 points, by the cubic schedule.
  public init() {
    amount.schedule = .cubic
    amount.times = 20
    amount.share = 0.8
  }

  /// Settings: those of `PruningAmount`.
  public static var settings: [Setting<MovementPruning>] {
    PruningAmount.settings(\.amount, of: "weights", [.element])
  }

  /// Random pruning of the same amount.
  public var randomControl: (any CompressionMethod)? { RandomPruning(amount: amount) }
}
