import Ops
public import Settings
public import Tasks

/// Teaches the student which images of a batch the teacher finds alike (SP).
///
/// **Formula** `loss = base + weight·Σ_pairs 1/N²·Σ_ij (S_S[i,j] - S_T[i,j])²`. S holds the products of every
/// two images' values `[N, C·H·W]`, each row divided by its length (`PairwiseSimilarity`). Values may be of
/// any two shapes. If a training splits its batches (`accumulationSteps`), each part counts as a batch.
///
/// **Paper** Tung, Mori, "Similarity-preserving knowledge distillation", ICCV 2019, arXiv:1907.09682; the
/// weight and the one pair of last maps are those of RepDistiller and mdistiller.
public struct SimilarityPreserving: ValueDistiller {
  /// The name in recipes: `similarity`.
  public static let name = "similarity"
  /// One line for `condense list`.
  public static let summary =
    "match the teacher's similarities of the images of a batch, beside another objective (SP)"

  /// The factor of the squared difference of similarities.
  public var weight: Float = 3000
  /// The objective to which it is added: `supervised`, or one on logits.
  public var base: any Distiller = Supervised()
  /// The pairs to compare; `nil` takes the last values of the smallest resolution that both have.
  public var pairs: [ValuePair]?

  /// Creates it with its default settings.
  public init() {}

  /// Settings: `weight`, `base`, `pairs`.
  public static var settings: [Setting<SimilarityPreserving>] {
    [
      Setting("weight", \.weight, in: 0...1e6, "factor of the squared difference of similarities"),
      DistillerCatalogue.baseSetting(\.base),
      ValuePair.setting(
        \.pairs, standard: "the last values of the smallest resolution that both networks have"),
    ]
  }

  /// Adds the base, and the squared difference of the similarities of each pair.
  public func build(_ objective: inout ObjectiveBuilder) throws {
    try base.build(&objective)
    for pair in try objective.relatedPairs(pairs, standard: .lastMaps, objective: Self.name) {
      let loss = objective.append(
        PairwiseSimilarity(), name: "similarity/" + pair.student, inputs: try objective.values(of: pair))
      objective.minimize(loss, weight: weight)
    }
  }
}
