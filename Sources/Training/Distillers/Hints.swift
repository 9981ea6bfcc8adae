import Graphs
import Ops
public import Settings
public import Tasks
import Tensors

/// Teaches the student values within the teacher, through an adapter.
///
/// The adapter is a layer that is trained beside the student and left behind. It gives a value of the student
/// as many channels as the teacher's has.
///
/// **Formula** `loss = base + weight·Σ_pairs mean_i (r(A_S)[i] - A_T[i])²` an image. r is a 1x1 convolution
/// for images `[C, H, W]`, a linear layer for features `[C]`. Without a base nothing behind the hint is
/// trained: this is the first of the paper's two stages. The second is `soft-targets`.
///
/// **Paper** Romero, Ballas, Ebrahimi Kahou, Chassang, Gatta, Bengio, "FitNets: hints for thin deep nets",
/// ICLR 2015, arXiv:1412.6550. The paper halves the sum of squares, and uses a larger convolution if heights
/// and widths differ. RepDistiller takes the mean as here, with a weight of 100 on values behind batch norms.
/// Values that no norm bounds make the first steps so long that all rectifiers stay at zero.
public struct Hints: Distiller {
  /// The name in recipes: `hints`.
  public static let name = "hints"
  /// One line for `condense list`.
  public static let summary =
    "match values within the teacher through adapters, alone or beside another objective (FitNets)"

  /// The factor of the mean squared difference.
  public var weight: Float = 1
  /// The objective to which it is added: `supervised`, one on logits, or none.
  public var base: (any Distiller)?
  /// The pairs to compare; `nil` takes the middle one of the resolutions that both have.
  public var pairs: [ValuePair]?

  /// Creates it with its default settings.
  public init() {}

  /// Makes an objective.
  public init(weight: Float = 1, base: (any Distiller)? = nil, pairs: [ValuePair]? = nil) {
    self.weight = weight
    self.base = base
    self.pairs = pairs
  }

  /// Settings: `weight`, `base`, `pairs`.
  public static var settings: [Setting<Hints>] {
    [
      Setting("weight", \.weight, in: 1e-6...1e6, "factor of the mean squared difference"),
      DistillerCatalogue.optionalBaseSetting(\.base),
      ValuePair.setting(
        \.pairs, standard: "the last values of the middle resolution among those that both networks have"),
    ]
  }

  /// Values, and the parts that the base learns from.
  public var teacherParts: Set<TeacherPart> { (base?.teacherParts ?? []).union([.values]) }

  /// The temperature of the base.
  public var temperatureOfTargets: Float? { base?.temperatureOfTargets }

  /// Adds the base, and the squared difference of each pair through an adapter.
  public func build(_ objective: inout ObjectiveBuilder) throws {
    try base?.build(&objective)
    let all = try objective.pairs(pairs, ranks: [2, 4], objective: Self.name)
    for pair in pairs == nil ? [all[all.count / 2]] : all {
      let (own, its) = (try objective.studentValue(pair.student), try objective.teacherValue(pair.teacher))
      let shape = objective.teacher?.shape(of: pair.teacher) ?? []
      let adapter: any Op =
        shape.rank == 4 ? Conv2D(filters: shape[1], kernel: 1) : Linear(features: shape[1])
      let regressed = objective.append(adapter, name: "hints/\(pair.student)/adapter", inputs: [own])
      let loss = objective.append(
        MeanSquaredError(), name: "hints/" + pair.student, inputs: [regressed, its])
      objective.minimize(loss, weight: weight)
    }
  }
}
