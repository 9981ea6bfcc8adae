import Ops
public import Settings
public import Tasks

/// Teaches the student the teacher's probabilities that images of a batch are neighbours (PKT).
///
/// **Formula** `loss = base + weight·Σ_pairs 1/N²·Σ_ij q[i,j]·log(q[i,j]/p[i,j])`. p (of the student) and q
/// (of the teacher) are `(cosine + 1)/2` of every two images' features, each row divided by its sum
/// (`PairwiseProbability`). Values may be of any two shapes. If a training splits its batches
/// (`accumulationSteps`), each part counts as a batch.
///
/// **Paper** Passalis, Tefas, "Learning deep representations with probabilistic knowledge transfer", ECCV
/// 2018, arXiv:1803.10837; the weight is that of RepDistiller and mdistiller.
public struct ProbabilisticTransfer: ValueDistiller {
  /// The name in recipes: `probabilistic`.
  public static let name = "probabilistic"
  /// One line for `condense list`.
  public static let summary =
    "match the teacher's probabilities that images of a batch are neighbours, beside another objective (PKT)"

  /// The factor of the divergence of the neighbours' probabilities.
  public var weight: Float = 30000
  /// The objective to which it is added: `supervised`, or one on logits.
  public var base: any Distiller = Supervised()
  /// The pairs to compare; `nil` takes the values from which both networks make their scores.
  public var pairs: [ValuePair]?

  /// Creates it with its default settings.
  public init() {}

  /// Settings: `weight`, `base`, `pairs`.
  public static var settings: [Setting<ProbabilisticTransfer>] {
    [
      Setting("weight", \.weight, in: 0...1e6, "factor of the divergence of the neighbours' probabilities"),
      DistillerCatalogue.baseSetting(\.base),
      ValuePair.setting(\.pairs, standard: "the values from which both networks make their scores"),
    ]
  }

  /// Adds the base, and the divergence of each pair.
  public func build(_ objective: inout ObjectiveBuilder) throws {
    try base.build(&objective)
    for pair in try objective.relatedPairs(pairs, standard: .features, objective: Self.name) {
      let loss = objective.append(
        PairwiseProbability(), name: "probabilistic/" + pair.student, inputs: try objective.values(of: pair))
      objective.minimize(loss, weight: weight)
    }
  }
}
