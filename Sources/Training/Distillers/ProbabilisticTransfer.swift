import Ops
public import Settings
public import Tasks

/// Learning a teacher's probabilities that images of a batch are neighbours.
///
/// **Formula** `loss = base + weight·Σ_pairs 1/N²·Σ_ij q[i,j]·log(q[i,j]/p[i,j])`, p (of the student) and q (of the teacher) being
/// `(cosine + 1)/2` of every two images' features, each row divided by its sum (`PairwiseProbability`). Values may be of any two shapes.
///
/// Where a training splits its batches (`accumulationSteps`), each part is a batch of its own.
///
/// **Paper** Passalis, Tefas, "Learning deep representations with probabilistic knowledge transfer", ECCV 2018, arXiv:1803.10837; the
/// weight is that of RepDistiller and mdistiller.
public struct ProbabilisticTransfer: ValueDistiller {
  public static let name = "probabilistic"
  public static let summary =
    "match the teacher's probabilities that images of a batch are neighbours, beside another objective (PKT)"

  /// The factor on the divergence of the neighbours' probabilities.
  public var weight: Float = 30000
  /// What it is added to: `supervised`, or one of logits.
  public var base: any Distiller = Supervised()
  /// What is compared; `nil` pairs what both networks make their scores of.
  public var pairs: [ValuePair]?

  public init() {}

  public static var settings: [Setting<ProbabilisticTransfer>] {
    [
      Setting("weight", \.weight, in: 0...1e6, "factor on the divergence of the neighbours' probabilities"),
      DistillerCatalogue.baseSetting(\.base),
      ValuePair.setting(\.pairs, standard: "what both networks make their scores of"),
    ]
  }

  public func build(_ objective: inout ObjectiveBuilder) throws {
    try base.build(&objective)
    for pair in try objective.relatedPairs(pairs, standard: .features, objective: Self.name) {
      let loss = objective.append(
        PairwiseProbability(), name: "probabilistic/" + pair.student, inputs: try objective.values(of: pair))
      objective.minimize(loss, weight: weight)
    }
  }
}
