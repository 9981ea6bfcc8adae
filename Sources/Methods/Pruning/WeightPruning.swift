public import Settings

/// Sets the weights, or groups of weights, that a criterion finds to matter least to zero.
public struct WeightPruning: WeightPruningMethod {
  /// The name in recipes: `weight-pruning`.
  public static let name = "weight-pruning"
  /// Changes when results change; part of a trial's address.
  public static let revision = 1
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "set the weights to zero that matter least by a criterion",
    description: """
      Ranks units of weights of convolutions and linear layers by a criterion (`condense list criteria`), across the \
      network or layer by layer (`scope`, one of `condense list allocations`). Masks the lowest units until the \
      sparsity is reached, or as near below it as whole units allow. Biases and norms are not pruned, and one unit \
      of each tensor stays. A pruned unit stays pruned, through training and later stages. magnitude-pruning and \
      random-pruning are this method with the criteria magnitude and random and single weights as units. The file \
      gets smaller; dense kernels do not get faster.
      """,
    formula: """
      the units of the lowest scores go while together they have at most round(s·n) of n weights; across layers units \
      of several weights are ranked by score / mean score of their tensor, where the criterion says so; schedules \
      from i = initialSparsity to s = sparsity: cubic s + (i - s)·(1 - p)^3, linear i + (s - i)·p, geometric \
      1 - (1 - i)·((1 - s)/(1 - i))^p
      """,
    paper: """
      Blalock, Gonzalez Ortiz, Frankle, Guttag, "What is the state of neural network pruning?", 2020, \
      arXiv:2003.03033; N:M: Zhou et al., "Learning N:M fine-grained structured sparse neural networks from scratch", \
      2021, arXiv:2102.04010; each criterion has its own
      """)

  /// The sparsity, and the schedule by which it is reached.
  public var amount = PruningAmount(sparsity: 0.8)
  /// The criterion that scores units.
  public var criterion: any Saliency = Magnitude()
  /// The shape of the units that are pruned as a whole.
  public var unit: any UnitShape = SingleWeights()

  /// Prunes four of five weights at once, ranked across the network.
  public init() {}

  /// Prunes to a sparsity at once.
  public init(
    sparsity: Double, criterion: any Saliency, unit: any UnitShape = SingleWeights(),
    scope: any Allocation = .global
  ) {
    amount.sparsity = sparsity
    amount.scope = scope
    self.criterion = criterion
    self.unit = unit
  }

  /// Settings: those of `PruningAmount`, `criterion`, `unit`.
  public static var settings: [Setting<WeightPruning>] {
    PruningAmount.settings(\.amount, of: "weights", [.element, .kernel, .block]) + [
      SaliencyCatalogue.setting(
        \.criterion, scoring: [.element, .kernel, .block], "the criterion that scores units"),
      UnitCatalogue.setting(\.unit),
    ]
  }

  /// The same method with the criterion `random`; `nil` if it is that already.
  public var randomControl: (any CompressionMethod)? {
    guard !(criterion is RandomScore) else { return nil }
    var control = self
    control.criterion = RandomScore(controlling: criterion)
    return control
  }
}
