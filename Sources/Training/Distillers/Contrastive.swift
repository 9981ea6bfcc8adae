import Graphs
import Ops
public import Settings
public import Tasks
import Tensors

/// Teaches the student features that tell images of a batch apart as the teacher's features do (CRD).
///
/// **Formula** `loss = base + weight·Σ_pairs contrast(u(f_S), v(f_T))`. u and v are linear layers to
/// `features` numbers that are trained beside the student and left behind. contrast is the entropy of finding
/// each image's v among the batch's by its u, and the reverse, by cosines over the temperature
/// (`ContrastiveEntropy`). Values may be of any two shapes.
///
/// Only images of one batch are contrasted, so nothing is kept from batch to batch, and large batches teach
/// more. If a training splits its batches (`accumulationSteps`), each part counts as a batch.
///
/// **Paper** Tian, Krishnan, Isola, "Contrastive representation distillation", ICLR 2020, arXiv:1910.10699.
/// The weight, the temperature and the 128 features are those of the authors' code (RepDistiller). That code
/// estimates by noise contrast instead, over 16,384 images whose features it remembers from earlier batches;
/// this takes two vectors of half a kilobyte for each image of the data.
public struct Contrastive: ValueDistiller {
  /// The name in recipes: `contrastive`.
  public static let name = "contrastive"
  /// One line for `condense list`.
  public static let summary =
    "find each image's teacher features among those of its batch, beside another objective (CRD within a batch)"

  /// The factor of the entropy.
  public var weight: Float = 0.8
  /// The temperature by which cosines are divided.
  public var temperature: Float = 0.07
  /// Numbers of a feature vector.
  public var features = 128
  /// The objective to which it is added: `supervised`, or one on logits.
  public var base: any Distiller = Supervised()
  /// The pairs to compare; `nil` takes the values from which both networks make their scores.
  public var pairs: [ValuePair]?

  /// Creates it with its default settings.
  public init() {}

  /// Settings: `weight`, `temperature`, `features`, `base`, `pairs`.
  public static var settings: [Setting<Contrastive>] {
    [
      Setting("weight", \.weight, in: 0...1e6, "factor of the contrastive entropy"),
      Setting("temperature", \.temperature, in: 0.01...10, "number by which cosines are divided"),
      Setting("features", \.features, in: 1...4096, "numbers of a feature vector"),
      DistillerCatalogue.baseSetting(\.base),
      ValuePair.setting(\.pairs, standard: "the values from which both networks make their scores"),
    ]
  }

  /// Adds the base, and the entropy of each pair through two linear layers.
  public func build(_ objective: inout ObjectiveBuilder) throws {
    try base.build(&objective)
    for pair in try objective.relatedPairs(pairs, standard: .features, objective: Self.name) {
      let place = "contrastive/" + pair.student
      let ranks = [
        objective.student.shape(of: pair.student)?.rank, objective.teacher?.shape(of: pair.teacher)?.rank,
      ]
      var embedded: [String] = []
      for (network, (value, rank)) in zip(["student", "teacher"], zip(try objective.values(of: pair), ranks))
      {
        let flat =
          rank == 2 ? value : objective.append(Flatten(), name: "\(place)/\(network)-flat", inputs: [value])
        embedded.append(
          objective.append(Linear(features: features), name: "\(place)/\(network)-adapter", inputs: [flat]))
      }
      let loss = objective.append(ContrastiveEntropy(temperature: temperature), name: place, inputs: embedded)
      objective.minimize(loss, weight: weight)
    }
  }
}
