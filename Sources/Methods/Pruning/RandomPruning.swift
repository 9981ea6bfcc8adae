public import Settings

/// Sets random weights to zero: the control of the methods that choose them.
public struct RandomPruning: WeightPruningMethod {
  /// The name in recipes: `random-pruning`.
  public static let name = "random-pruning"
  /// Changes when results change; part of a trial's address.
  public static let revision = 1
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "set random weights to zero: the control for methods that choose",
    description: """
      Masks random weights, as many as magnitude pruning of the same sparsity would. The worth of another choice is \
      its distance from this one, at the same ratio, schedule and training. It is weight-pruning with the criterion \
      random.
      """,
    formula: "each weight draws u in [0, 1); the round(s·n) of n weights with the smallest u go",
    paper: """
      Blalock, Gonzalez Ortiz, Frankle, Guttag, "What is the state of neural network pruning?", 2020, arXiv:2003.03033
      """)

  /// The sparsity, and the schedule by which it is reached.
  public var amount = PruningAmount(sparsity: 0.8)
  /// Chance.
  public var criterion: any Saliency { RandomScore() }

  /// Prunes four of five weights at once.
  public init() {}

  /// Prunes as much as another method does.
  public init(amount: PruningAmount) { self.amount = amount }

  /// Settings: those of `PruningAmount`.
  public static var settings: [Setting<RandomPruning>] {
    PruningAmount.settings(\.amount, of: "weights", [.element])
  }
}
