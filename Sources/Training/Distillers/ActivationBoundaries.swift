import Graphs
import Ops
public import Settings
public import Tasks
import Tensors

/// Learning which of a teacher's neurons fire: on which side of zero values lie before their rectifiers.
///
/// **Formula** `loss = base + weight·Σ_k 2^(k - n + 1)·Σ_i boundary(r(A_S)[i], A_T[i])` an image, k = 0…n-1 being the pairs from the largest
/// resolution on, A values before a rectifier, boundary the squared distance from the margin on the teacher's side
/// (`ActivationBoundary`), r a 1x1 convolution with a batch norm that is trained beside the student and left behind where both have other
/// numbers of channels. Without a base nothing behind the values is trained: this is the first of the paper's two stages, the second
/// being labels or soft targets.
///
/// **Paper** Heo, Lee, Yun, Choi, "Knowledge transfer via distillation of activation boundaries formed by hidden neurons", AAAI 2019,
/// arXiv:1811.03233: a margin of 1; the weight and the factors by pair are those of RepDistiller.
public struct ActivationBoundaries: Distiller {
  public static let name = "activation-boundaries"
  public static let summary =
    "match which of the teacher's neurons fire, before rectifiers, alone or beside another (AB)"

  /// The factor on the squared distances from the margin, of the last pair.
  public var weight: Float = 0.003
  /// How far from zero the student's numbers should lie.
  public var margin: Float = 1
  /// What it is added to: `supervised`, one of logits, or nothing.
  public var base: (any Distiller)?
  /// What is compared; `nil` pairs what the last rectifiers of every resolution that both have read.
  public var pairs: [ValuePair]?

  public init() {}

  public static var settings: [Setting<ActivationBoundaries>] {
    [
      Setting("weight", \.weight, in: 1e-9...1e6, "factor on the squared distances from the margin"),
      Setting("margin", \.margin, in: 0...1000, "how far from zero the student's numbers should lie"),
      DistillerCatalogue.optionalBaseSetting(\.base),
      ValuePair.setting(
        \.pairs, standard: "what the last rectifiers of every resolution that both have read"),
    ]
  }

  /// Values, and what the objective that it is added to learns from.
  public var teacherParts: Set<TeacherPart> { (base?.teacherParts ?? []).union([.values]) }
  public var temperatureOfTargets: Float? { base?.temperatureOfTargets }

  public func build(_ objective: inout ObjectiveBuilder) throws {
    try base?.build(&objective)
    let all = try objective.pairs(pairs, ranks: [2, 4], objective: Self.name)
    let compared = pairs == nil ? try objective.beforeRectifiers(all, objective: Self.name) : all
    var factor = weight
    for _ in compared.dropFirst() { factor /= 2 }
    for pair in compared {
      let own = try objective.adapted(pair, name: "activation-boundaries/\(pair.student)")
      let loss = objective.append(
        ActivationBoundary(margin: margin), name: "activation-boundaries/" + pair.student,
        inputs: [own, try objective.teacherValue(pair.teacher)])
      objective.minimize(loss, weight: factor)
      factor *= 2
    }
  }
}

extension ObjectiveBuilder {
  /// A value of the student with as many channels as the teacher's: as it is, or through a layer and a batch norm of the objective.
  fileprivate mutating func adapted(_ pair: ValuePair, name: String) throws -> String {
    let own = try studentValue(pair.student)
    let (shape, wanted) = (student.shape(of: pair.student) ?? [], teacher?.shape(of: pair.teacher) ?? [])
    guard shape != wanted else { return own }
    let layer: any Op =
      wanted.rank == 4 ? Conv2D(filters: wanted[1], kernel: 1) : Linear(features: wanted[1])
    return append(
      BatchNorm(), name: name + "/norm", inputs: [append(layer, name: name + "/adapter", inputs: [own])])
  }
}
