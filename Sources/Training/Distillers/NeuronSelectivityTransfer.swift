import Ops
public import Settings
public import Tasks

/// Learning how a teacher's channels spread over the places of an image, whatever their number and order.
///
/// **Formula** `loss = base + weight·Σ_pairs MMD²` an image, of the channels of both values, each over its H·W places and as long as 1, by
/// the kernel `k(a, b) = ⟨a, b⟩²` (`NeuronSelectivity`).
///
/// **Paper** Huang, Wang, "Like what you like: knowledge distill via neuron selectivity transfer", 2017, arXiv:1707.01219; the weight is
/// that of RepDistiller and mdistiller.
public struct NeuronSelectivityTransfer: ValueDistiller {
  public static let name = "neuron-selectivity"
  public static let summary =
    "match how the teacher's channels spread over the places of an image, beside another objective (NST)"

  /// The factor on the squared discrepancy of activation patterns.
  public var weight: Float = 50
  /// What it is added to: `supervised`, or one of logits.
  public var base: any Distiller = Supervised()
  /// What is compared; `nil` pairs the last values of every resolution that both have.
  public var pairs: [ValuePair]?

  public init() {}

  public static var settings: [Setting<NeuronSelectivityTransfer>] {
    [
      Setting("weight", \.weight, in: 0...1e6, "factor on the squared discrepancy of activation patterns"),
      DistillerCatalogue.baseSetting(\.base),
      ValuePair.setting(\.pairs, standard: "the last values of every resolution that both have"),
    ]
  }

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
