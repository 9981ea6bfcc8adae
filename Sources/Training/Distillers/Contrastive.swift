import Graphs
import Ops
public import Settings
public import Tasks
import Tensors

/// Learning features by which each image is told from the others of its batch as the teacher's features tell it (CRD).
///
/// **Formula** `loss = base + weight·Σ_pairs contrast(u(f_S), v(f_T))`, u and v linear layers to `features` numbers that are trained beside
/// the student and left behind, contrast the entropy of finding each image's v among the batch's by its u, and the other way round, by
/// cosines over the temperature (`ContrastiveEntropy`). Values may be of any two shapes.
///
/// The other images of a batch are all that is contrasted with, so nothing is kept from one batch to the next, and large batches teach
/// more; where a training splits its batches (`accumulationSteps`), each part is a batch of its own.
///
/// **Paper** Tian, Krishnan, Isola, "Contrastive representation distillation", ICLR 2020, arXiv:1910.10699. The weight, the temperature
/// and the 128 features are those of the authors' code (RepDistiller), which instead estimates by noise contrast, over 16,384 images
/// whose features it remembers from earlier batches: about half a kilobyte twice for each image of the data.
public struct Contrastive: ValueDistiller {
  public static let name = "contrastive"
  public static let summary =
    "tell each image from the others of its batch as the teacher's features do, beside another objective (CRD within a batch)"

  /// The factor on the entropy.
  public var weight: Float = 0.8
  /// What cosines are divided by.
  public var temperature: Float = 0.07
  /// How many numbers are compared.
  public var features = 128
  /// What it is added to: `supervised`, or one of logits.
  public var base: any Distiller = Supervised()
  /// What is compared; `nil` pairs what both networks make their scores of.
  public var pairs: [ValuePair]?

  public init() {}

  public static var settings: [Setting<Contrastive>] {
    [
      Setting("weight", \.weight, in: 0...1e6, "factor on the entropy"),
      Setting("temperature", \.temperature, in: 0.01...10, "what cosines are divided by"),
      Setting("features", \.features, in: 1...4096, "how many numbers are compared"),
      DistillerCatalogue.baseSetting(\.base),
      ValuePair.setting(\.pairs, standard: "what both networks make their scores of"),
    ]
  }

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
