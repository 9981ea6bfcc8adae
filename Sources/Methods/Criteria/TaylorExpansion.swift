public import Settings

/// Scores units by the first-order change of the loss without them.
public struct TaylorExpansion: Saliency {
  /// The name in recipes: `taylor`.
  public static let name = "taylor"
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "the first-order change of the loss without the unit",
    description: """
      Removing a unit sets its weights to zero. For a channel these are exactly the weights that read it, which also \
      removes its shift and bias. To first order the loss changes by the sum of gradient times weight over them. The \
      changes of single batches are squared, or taken by their absolute values, before they are averaged, so that \
      batches of opposite signs do not cancel. Single weights are compared across layers by their scores as they \
      are; scores of larger units are divided by the mean score of their layer first.
      """,
    formula: "score = mean over batches of (sum of g·w over the unit)^2, or of |sum of g·w|",
    paper: """
      Molchanov, Mallya, Tyree, Frosio, Kautz, "Importance estimation for neural network pruning", 2019, \
      arXiv:1906.10771, its joint contribution of a group; absolute: Molchanov, Tyree, Karras, Aila, Kautz, "Pruning \
      convolutional neural networks for resource efficient inference", 2017, arXiv:1611.06440; groups as in Fang, Ma, \
      Song, Mi, Wang, "DepGraph", 2023, arXiv:2301.12900
      """)

  /// The way in which the changes of batches become one number.
  public enum Change: String, Sendable, SettingChoice {
    /// The mean square, or the mean absolute value.
    case squared, absolute

    /// The number that a change adds to the mean.
    func of(_ change: Double) -> Double { self == .squared ? change * change : abs(change) }
  }

  /// The way in which the changes of batches become one number.
  public var change = Change.squared
  /// Training images to look at; `nil` takes the method's number.
  public var images: Int?

  /// Takes mean squares.
  public init() {}

  /// Settings: `change`, `images`.
  public static var settings: [Setting<TaylorExpansion>] {
    [
      Setting("change", \.change, "the average over batches: of squared or of absolute changes of the loss"),
      SaliencyCatalogue.imagesSetting(\.images),
    ]
  }

  /// Gradients.
  public var evidence: Set<EvidenceKind> { [.gradients] }

  /// The mean over batches of (Σ g·w)², or of |Σ g·w|, over each unit; over the weights that read a channel.
  public func scores(
    of sets: [UnitSet], _ context: inout SaliencyContext
  ) throws -> [[Double]] {
    let change = change
    return try context.meanChanges(of: sets, .reading, images: images) { change.of($2) }
  }
}
