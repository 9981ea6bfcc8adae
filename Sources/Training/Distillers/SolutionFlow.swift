import Graphs
import Ops
public import Settings
public import Tasks
import Tensors

/// Teaches the student the products of the teacher's channels of one resolution with those of the next (FSP).
///
/// They describe the flow of the solution.
///
/// **Formula** `loss = base + weight·Σ_k mean_cd (F_S[c,d] - F_T[c,d])²` an image, with
/// `F[c,d] = mean_p a[c,p]·b[d,p]` of values a of pair k and b of pair k + 1 (`FlowMatrix`). The larger of
/// both is averaged down to the smaller.
///
/// **Paper** Yim, Joo, Bae, Kim, "A gift from knowledge distillation", CVPR 2017, which trains it alone first
/// and then the labels; the weight of 50 and the values are those of RepDistiller.
public struct SolutionFlow: Distiller {
  /// The name in recipes: `flow`.
  public static let name = "flow"
  /// One line for `condense list`.
  public static let summary =
    "match the products of the teacher's channels of one resolution with those of the next, alone or beside another objective (FSP)"

  /// The factor of the mean squared difference.
  public var weight: Float = 50
  /// The objective to which it is added: `supervised`, one on logits, or none.
  public var base: (any Distiller)? = Supervised()
  /// The pairs to compare, in order; `nil` takes the last values of every resolution that both have.
  public var pairs: [ValuePair]?

  /// Creates it with its default settings.
  public init() {}

  /// Settings: `weight`, `base`, `pairs`.
  public static var settings: [Setting<SolutionFlow>] {
    [
      Setting("weight", \.weight, in: 1e-6...1e6, "factor of the mean squared difference"),
      DistillerCatalogue.optionalBaseSetting(\.base),
      ValuePair.setting(\.pairs, standard: "the last values of each resolution that both networks have"),
    ]
  }

  /// Values, and the parts that the base learns from.
  public var teacherParts: Set<TeacherPart> { (base?.teacherParts ?? []).union([.values]) }
  /// The temperature of the base.
  public var temperatureOfTargets: Float? { base?.temperatureOfTargets }

  /// Adds the base, and the difference of the flows from pair to pair; throws for fewer than two pairs.
  public func build(_ objective: inout ObjectiveBuilder) throws {
    try base?.build(&objective)
    let all = try objective.pairs(pairs, ranks: [4], objective: Self.name)
    guard all.count > 1 else { throw DistillationError.onePair(objective: Self.name, all[0].student) }
    for pair in all {
      try pair.requireEqualChannels(objective.student, objective.teacher, objective: Self.name)
    }
    for (from, to) in zip(all, all.dropFirst()) {
      let place = "flow/" + to.student
      let first = try objective.values(of: from)
      let second = try objective.values(of: to)
      let shapes = [from, to].map { objective.student.shape(of: $0.student) ?? [] }
      var flows: [String] = []
      for (network, pair) in [("student", [first[0], second[0]]), ("teacher", [first[1], second[1]])] {
        let values = try objective.averaged(pair, shapes, name: "\(place)/\(network)", from, to)
        flows.append(objective.append(FlowMatrix(), name: "\(place)/\(network)", inputs: values))
      }
      objective.minimize(objective.append(MeanSquaredError(), name: place, inputs: flows), weight: weight)
    }
  }
}

extension ObjectiveBuilder {
  /// Both values at the smaller resolution of the two; throws if one is no multiple of the other.
  fileprivate mutating func averaged(
    _ values: [String], _ shapes: [Shape], name: String, _ from: ValuePair, _ to: ValuePair
  ) throws -> [String] {
    let larger = shapes[0][2] >= shapes[1][2] ? 0 : 1
    let (large, small) = (shapes[larger], shapes[1 - larger])
    guard large[2] != small[2] || large[3] != small[3] else { return values }
    guard large[2] % small[2] == 0, large[3] % small[3] == 0, large[2] / small[2] == large[3] / small[3]
    else {
      throw DistillationError.noMultiple(
        objective: SolutionFlow.name, [from, to][larger].student, large.item, [from, to][1 - larger].student,
        small.item)
    }
    var averaged = values
    averaged[larger] = append(
      AveragePool(kernel: large[2] / small[2]), name: name + "/averaged", inputs: [values[larger]])
    return averaged
  }
}
