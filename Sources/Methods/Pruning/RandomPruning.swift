public import Settings

/// Prunes weights by chance: the control of the methods that choose.
public struct RandomPruning: WeightPruningMethod {
  public static let name = "random-pruning"
  public static let revision = 1
  public static let documentation = MethodDocumentation(
    summary: "set random weights to zero: the control for methods that choose them",
    description: """
      Masks as many weights as magnitude pruning of the same sparsity would, drawn by chance. What another way of \
      choosing is worth is its distance from this one, at the same ratio, schedule and training. It is weight-pruning with \
      the criterion random.
      """,
    formula: "each weight draws u in [0, 1); the round(s·n) of n weights with the smallest u go",
    paper: """
      Blalock, Gonzalez Ortiz, Frankle, Guttag, "What is the state of neural network pruning?", 2020, arXiv:2003.03033
      """)

  /// How much, and when.
  public var amount = PruningAmount(sparsity: 0.8)
  public var criterion: any Saliency { RandomScore() }

  /// Four of five weights at once.
  public init() {}

  /// As much as another method prunes.
  public init(amount: PruningAmount) { self.amount = amount }

  public static var settings: [Setting<RandomPruning>] {
    PruningAmount.settings(\.amount, of: "weights", [.element])
  }
}
