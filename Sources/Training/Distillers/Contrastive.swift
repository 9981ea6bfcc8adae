import Graphs
import Ops
public import Settings
public import Tasks
import Tensors

/// Teaches the student features that tell images apart as the teacher's features do (CRD).
///
/// **Formula** `loss = base + weight·Σ_pairs contrast(u(f_S), v(f_T))`. u and v are linear layers to
/// `features` numbers that are trained beside the student and left behind. Values may be of any two shapes.
///
/// Without `memory`, contrast is the entropy of finding each image's v among the batch's by its u, and the
/// reverse, by cosines over the temperature (`ContrastiveEntropy`). Large batches teach more. With it, contrast is
/// that of telling each image's v from remembered v of other images by its u, and the reverse (`NoiseContrast`).
/// Each image of a batch brings `draws` remembered vectors, drawn at random, with which all are compared. An
/// image's place in the memory is its index modulo the number of places. When it is seen, the vector there
/// keeps the share `momentum`, and has the length 1 again. At first vectors are random.
///
/// If a training splits its batches (`accumulationSteps`), each part counts as a batch.
///
/// **Paper** Tian, Krishnan, Isola, "Contrastive representation distillation", ICLR 2020, arXiv:1910.10699.
/// The weight, the temperature, the 128 features and the momentum are those of the authors' code (RepDistiller).
/// That code remembers a vector for each training image, draws 16,384 of other classes for every image, and
/// takes an image's own vector from the memory too; here it is the present one.
public struct Contrastive: ValueDistiller {
  /// The name in recipes: `contrastive`.
  public static let name = "contrastive"
  /// One line for `condense list`.
  public static let summary =
    "find each image's teacher features among those of its batch or of a memory, beside another objective (CRD)"

  /// The factor of the entropy.
  public var weight: Float = 0.8
  /// The temperature by which cosines are divided.
  public var temperature: Float = 0.07
  /// Numbers of a feature vector.
  public var features = 128
  /// The most images of which vectors are remembered; 0 contrasts images of one batch.
  public var memory = 0
  /// The remembered vectors that each image of a batch brings.
  public var draws = 8
  /// The share of a remembered vector that stays when its image is seen again.
  public var momentum: Float = 0.5
  /// The objective to which it is added: `supervised`, or one on logits.
  public var base: any Distiller = Supervised()
  /// The pairs to compare; `nil` takes the values from which both networks make their scores.
  public var pairs: [ValuePair]?

  /// Creates it with its default settings.
  public init() {}

  /// Settings: `weight`, `temperature`, `features`, `memory`, `draws`, `momentum`, `base`, `pairs`.
  public static var settings: [Setting<Contrastive>] {
    [
      Setting("weight", \.weight, in: 0...1e6, "factor of the contrastive entropy"),
      Setting("temperature", \.temperature, in: 0.01...10, "number by which cosines are divided"),
      Setting("features", \.features, in: 1...4096, "numbers of a feature vector"),
      Setting(
        "memory", \.memory, in: 0...1_000_000,
        "most images of which vectors are remembered as negatives; 0 takes the other images of the batch"
      ).omittedAsDefault(),
      Setting(
        "draws", \.draws, in: 1...1024,
        "remembered vectors that each image of a batch brings; all are negatives of every image"
      ).omittedAsDefault(),
      Setting(
        "momentum", \.momentum, in: 0...0.9999,
        "share of a remembered vector that stays when its image is seen again"
      ).omittedAsDefault(),
      DistillerCatalogue.baseSetting(\.base),
      ValuePair.setting(\.pairs, standard: "the values from which both networks make their scores"),
    ]
  }

  /// The most bytes of both networks' remembered vectors of a pair.
  private static let mostBytes = 2 << 30

  /// Adds the base, and the contrast of each pair through two linear layers; throws for too large a memory.
  public func build(_ objective: inout ObjectiveBuilder) throws {
    let bytes = 2 * memory * features * MemoryLayout<Float>.size
    guard bytes <= Self.mostBytes else {
      throw DistillationError.memoryTooLarge(objective: Self.name, bytes: bytes, limit: Self.mostBytes)
    }
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
      guard memory > 0 else {
        let loss = objective.append(
          ContrastiveEntropy(temperature: temperature), name: place, inputs: embedded)
        objective.minimize(loss, weight: weight)
        continue
      }
      for (network, (own, other)) in zip(["student", "teacher"], zip(embedded, embedded.reversed())) {
        let others = objective.remembered(
          ObjectiveMemory(
            value: other, features: features, places: memory, draws: draws, momentum: momentum))
        let known = objective.append(Concat(), name: "\(place)/\(network)-known", inputs: [other, others])
        let loss = objective.append(
          NoiseContrast(temperature: temperature), name: "\(place)/\(network)", inputs: [own, known])
        objective.minimize(loss, weight: weight)
      }
    }
  }
}
