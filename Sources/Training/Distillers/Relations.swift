import Ops
public import Settings
public import Tasks

/// Teaches the student the teacher's distances and angles between the images of a batch (RKD).
///
/// **Formula** `loss = base + Σ_pairs (distance·1/N²·Σ_ij h(Δd[i,j]) + angle·1/N³·Σ_kij h(Δa[k,i,j]))`. Δd is
/// the difference of both networks' distances of images i and j, in units of their mean (`PairwiseDistance`).
/// Δa is that of the cosines of the angle at image k between i and j (`TripletAngle`). h is half the square
/// below 1, and linear above. Values may be of any two shapes. Angles take N³ products of features. If a
/// training splits its batches (`accumulationSteps`), each part counts as a batch.
///
/// **Paper** Park, Kim, Lu, Cho, "Relational knowledge distillation", CVPR 2019, arXiv:1904.05068, with its
/// factors of 25 and 50.
public struct Relations: ValueDistiller {
  /// The name in recipes: `relational`.
  public static let name = "relational"
  /// One line for `condense list`.
  public static let summary =
    "match the teacher's distances and angles between images of a batch, beside another objective (RKD)"

  /// The factor of the difference of distances.
  public var distance: Float = 25
  /// The factor of the difference of angles.
  public var angle: Float = 50
  /// The objective to which it is added: `supervised`, or one on logits.
  public var base: any Distiller = Supervised()
  /// The pairs to compare; `nil` takes the values from which both networks make their scores.
  public var pairs: [ValuePair]?

  /// Creates it with its default settings.
  public init() {}

  /// Settings: `distance`, `angle`, `base`, `pairs`.
  public static var settings: [Setting<Relations>] {
    [
      Setting("distance", \.distance, in: 0...1e6, "factor of the difference of distances"),
      Setting("angle", \.angle, in: 0...1e6, "factor of the difference of angles"),
      DistillerCatalogue.baseSetting(\.base),
      ValuePair.setting(\.pairs, standard: "the values from which both networks make their scores"),
    ]
  }

  /// Adds the base, and of each pair the two losses whose factors are not 0.
  public func build(_ objective: inout ObjectiveBuilder) throws {
    try base.build(&objective)
    let losses: [(name: String, op: any BatchLoss, weight: Float)] = [
      ("distance", PairwiseDistance(), distance), ("angle", TripletAngle(), angle),
    ]
    for pair in try objective.relatedPairs(pairs, standard: .features, objective: Self.name) {
      for (name, op, weight) in losses where weight != 0 {
        let loss = objective.append(
          op, name: "relational/\(pair.student)/\(name)", inputs: try objective.values(of: pair))
        objective.minimize(loss, weight: weight)
      }
    }
  }
}
