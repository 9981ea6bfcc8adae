import Graphs
import Ops
public import Settings
public import Tasks
import Tensors

/// Learning values within a teacher: a layer that is trained beside the student, and left behind, makes of a value of the
/// student as many channels as the teacher's has, and the two are brought together.
///
/// **Formula** `loss = base + weight·Σ_pairs mean_i (r(A_S)[i] - A_T[i])²` an image, r being a 1x1 convolution for images
/// `[C, H, W]`, a linear layer for features `[C]`. Without a base nothing behind the hint is trained: this is the first of the
/// paper's two stages, the second being `soft-targets`.
///
/// **Paper** Romero, Ballas, Ebrahimi Kahou, Chassang, Gatta, Bengio, "FitNets: hints for thin deep nets", ICLR 2015,
/// arXiv:1412.6550. The paper halves the sum of squares and uses a larger convolution where heights and widths differ. RepDistiller
/// takes the mean as here, with a weight of 100 on values behind batch norms; values that no norm bounds make the first steps so
/// long that all rectifiers die of it.
public struct Hints: Distiller {
  public static let name = "hints"
  public static let summary =
    "match values within the teacher through adapters, alone or beside another"

  /// The factor on the mean squared difference.
  public var weight: Float = 1
  /// What it is added to: `supervised`, one of logits, or nothing.
  public var base: (any Distiller)?
  /// What is compared; `nil` takes the middle one of the resolutions that both have.
  public var pairs: [ValuePair]?

  public init() {}

  /// Makes an objective.
  public init(weight: Float = 1, base: (any Distiller)? = nil, pairs: [ValuePair]? = nil) {
    self.weight = weight
    self.base = base
    self.pairs = pairs
  }

  public static var settings: [Setting<Hints>] {
    [
      Setting("weight", \.weight, in: 1e-6...1e6, "factor on the mean squared difference"),
      DistillerCatalogue.optionalBaseSetting(\.base),
      ValuePair.setting(
        \.pairs, standard: "the last values of the middle one of the resolutions that both have"),
    ]
  }

  /// Values, and what the objective that it is added to learns from.
  public var teacherParts: Set<TeacherPart> { (base?.teacherParts ?? []).union([.values]) }

  public var temperatureOfTargets: Float? { base?.temperatureOfTargets }

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
