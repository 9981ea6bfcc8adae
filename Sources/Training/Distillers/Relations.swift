import Ops
public import Settings
public import Tasks

/// Learning how far a teacher sees the images of a batch from one another, and under which angles (RKD).
///
/// **Formula** `loss = base + Σ_pairs (distance·1/N²·Σ_ij h(Δd[i,j]) + angle·1/N³·Σ_kij h(Δa[k,i,j]))`, Δd being the difference of both
/// networks' distances of images i and j in units of their mean (`PairwiseDistance`), Δa that of the cosines of the angle at image k
/// between i and j (`TripletAngle`), h half the square below 1, in a line above. Values may be of any two shapes. Angles take N³
/// products of features.
///
/// Where a training splits its batches (`accumulationSteps`), each part is a batch of its own.
///
/// **Paper** Park, Kim, Lu, Cho, "Relational knowledge distillation", CVPR 2019, arXiv:1904.05068: factors of 25 and 50 are the paper's.
public struct Relations: ValueDistiller {
  public static let name = "relational"
  public static let summary =
    "match the teacher's distances and angles between images of a batch, beside another objective (RKD)"

  /// The factor on the difference of distances.
  public var distance: Float = 25
  /// The factor on the difference of angles.
  public var angle: Float = 50
  /// What it is added to: `supervised`, or one of logits.
  public var base: any Distiller = Supervised()
  /// What is compared; `nil` pairs what both networks make their scores of.
  public var pairs: [ValuePair]?

  public init() {}

  public static var settings: [Setting<Relations>] {
    [
      Setting("distance", \.distance, in: 0...1e6, "factor on the difference of distances"),
      Setting("angle", \.angle, in: 0...1e6, "factor on the difference of angles"),
      DistillerCatalogue.baseSetting(\.base),
      ValuePair.setting(\.pairs, standard: "what both networks make their scores of"),
    ]
  }

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
