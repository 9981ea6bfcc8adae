import Ops
public import Settings
public import Tasks

/// Teaches the student how the teacher's channels spread over the places of an image, whatever their order
/// (NST).
///
/// **Formula** `loss = base + weight·Σ_pairs MMD²` an image. The maximum mean discrepancy is between the
/// channels of both values, each a vector of length 1 over its H·W places, by the kernel `k(a, b) = ⟨a, b⟩²`
/// (`NeuronSelectivity`). Numbers of channels may differ.
///
/// **Paper** Huang, Wang, "Like what you like: knowledge distill via neuron selectivity transfer", 2017,
/// arXiv:1707.01219; the weight is that of RepDistiller and mdistiller.
public struct NeuronSelectivityTransfer: ValueDistiller {
  /// The name in recipes: `neuron-selectivity`.
  public static let name = "neuron-selectivity"
  /// One line for `condense list`.
  public static let summary =
    "match the distribution of the teacher's activation patterns over places, beside another objective (NST)"

  /// The factor of the squared discrepancy of activation patterns.
  public var weight: Float = 50
  /// The objective to which it is added: `supervised`, or one on logits.
  public var base: any Distiller = Supervised()
  /// The pairs to compare; `nil` takes the last values of every resolution that both have.
  public var pairs: [ValuePair]?

  /// Creates it with its default settings.
  public init() {}

  /// Settings: `weight`, `base`, `pairs`.
  public static var settings: [Setting<NeuronSelectivityTransfer>] {
    [
      Setting(
        "weight", \.weight, in: 0...1e6,
        "factor of the squared maximum mean discrepancy of activation patterns"),
      DistillerCatalogue.baseSetting(\.base),
      ValuePair.setting(\.pairs, standard: "the last values of each resolution that both networks have"),
    ]
  }

  /// Adds the base, and the squared discrepancy of each pair.
  public func build(_ objective: inout ObjectiveBuilder) throws {
    try base.build(&objective)
    for pair in try objective.pairs(pairs, ranks: [4], objective: Self.name) {
      let loss = objective.append(
        NeuronSelectivity(), name: "neuron-selectivity/" + pair.student,
        inputs: try objective.values(of: pair))
      objective.minimize(loss, weight: weight)
    }
  }
}
