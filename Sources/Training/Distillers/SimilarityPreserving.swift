import Ops
public import Settings
public import Tasks

/// Learning which images of a batch a teacher finds alike.
///
/// **Formula** `loss = base + weight·Σ_pairs 1/N²·Σ_ij (S_S[i,j] - S_T[i,j])²`, S being the products of every two images' values
/// `[N, C·H·W]`, each row divided by its length (`PairwiseSimilarity`). Values may be of any two shapes.
///
/// Where a training splits its batches (`accumulationSteps`), each part is a batch of its own.
///
/// **Paper** Tung, Mori, "Similarity-preserving knowledge distillation", ICCV 2019, arXiv:1907.09682; the weight and the one pair of
/// last maps are those of RepDistiller and mdistiller.
public struct SimilarityPreserving: ValueDistiller {
  public static let name = "similarity"
  public static let summary =
    "match which images of a batch the teacher finds alike, beside another objective (SP)"

  /// The factor on the squared difference of similarities.
  public var weight: Float = 3000
  /// What it is added to: `supervised`, or one of logits.
  public var base: any Distiller = Supervised()
  /// What is compared; `nil` pairs the last values of the smallest resolution that both have.
  public var pairs: [ValuePair]?

  public init() {}

  public static var settings: [Setting<SimilarityPreserving>] {
    [
      Setting("weight", \.weight, in: 0...1e6, "factor on the squared difference of similarities"),
      DistillerCatalogue.baseSetting(\.base),
      ValuePair.setting(\.pairs, standard: "the last values of the smallest resolution that both have"),
    ]
  }

  public func build(_ objective: inout ObjectiveBuilder) throws {
    try base.build(&objective)
    for pair in try objective.relatedPairs(pairs, standard: .lastMaps, objective: Self.name) {
      let loss = objective.append(
        PairwiseSimilarity(), name: "similarity/" + pair.student, inputs: try objective.values(of: pair))
      objective.minimize(loss, weight: weight)
    }
  }
}
