import Graphs
import Ops
public import Settings
public import Tasks
import Tensors

/// Teaches the student which of the teacher's neurons fire: the sides of zero on which values lie before
/// rectifiers.
///
/// **Formula** `loss = base + weight·Σ_k 2^(k - n + 1)·Σ_i boundary(r(A_S)[i], A_T[i])` an image. k = 0…n-1
/// are the pairs from the largest resolution on, A values before a rectifier, boundary the squared distance
/// from the margin on the teacher's side (`ActivationBoundary`). If both have different numbers of channels,
/// r is a 1x1 convolution with a batch norm, which is trained beside the student and left behind.
///
/// Without a base nothing behind the values is trained: this is the first of the paper's two stages. The
/// second is labels or soft targets.
///
/// **Paper** Heo, Lee, Yun, Choi, "Knowledge transfer via distillation of activation boundaries formed by
/// hidden neurons", AAAI 2019, arXiv:1811.03233, with a margin of 1; the weight and the factors by pair are
/// those of RepDistiller.
public struct ActivationBoundaries: Distiller {
  /// The name in recipes: `activation-boundaries`.
  public static let name = "activation-boundaries"
  /// One line for `condense list`.
  public static let summary =
    "match the signs of the teacher's values before rectifiers, alone or beside another objective (AB)"

  /// The factor of the squared distances from the margin, for the last pair.
  public var weight: Float = 0.003
  /// The distance from zero that the student's numbers should have at least.
  public var margin: Float = 1
  /// The objective to which it is added: `supervised`, one on logits, or none.
  public var base: (any Distiller)?
  /// The pairs to compare; `nil` takes inputs of the last rectifiers of every resolution that both have.
  public var pairs: [ValuePair]?

  /// Creates it with its default settings.
  public init() {}

  /// Settings: `weight`, `margin`, `base`, `pairs`.
  public static var settings: [Setting<ActivationBoundaries>] {
    [
      Setting("weight", \.weight, in: 1e-9...1e6, "factor of the squared distances from the margin"),
      Setting(
        "margin", \.margin, in: 0...1000, "least distance from zero that the student's values should have"),
      DistillerCatalogue.optionalBaseSetting(\.base),
      ValuePair.setting(
        \.pairs, standard: "the inputs of the last rectifiers of each resolution that both networks have"),
    ]
  }

  /// Values, and the parts that the base learns from.
  public var teacherParts: Set<TeacherPart> { (base?.teacherParts ?? []).union([.values]) }
  /// The temperature of the base.
  public var temperatureOfTargets: Float? { base?.temperatureOfTargets }

  /// Adds the base, and the boundary loss of each pair with a factor that doubles from pair to pair.
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
  /// The student's value with the teacher's shape: as it is, or through a layer and a batch norm of the
  /// objective.
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
