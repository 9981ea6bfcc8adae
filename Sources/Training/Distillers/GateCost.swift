public import Graphs
import Ops
public import Settings
public import Tasks

/// Adds the numbers of all gates to another objective, so that gates close where an image does not need the
/// channel.
///
/// **Formula** `loss = base + weight·Σ_g share_g·mean_c gate_g[c]` an image, with `share_g` the layer's share
/// of the multiply-adds of all gated layers. Gates are 0 or more, so this is the L1 norm. A gate that closes
/// no layer's outputs is not pulled.
///
/// **Paper** Gao et al., "Dynamic channel pruning: feature boosting and suppression", ICLR 2019,
/// arXiv:1810.05331, where all gates weigh the same; by cost: Chen et al., "Self-adaptive network pruning",
/// 2019, arXiv:1910.08906.
public struct GateCost: Distiller {
  /// The name in recipes: `gate-cost`.
  public static let name = "gate-cost"
  /// One line for `condense list`.
  public static let summary =
    "pull the outputs of channel gates to zero, beside another objective"

  /// The factor of the mean of the gates' numbers.
  public var weight: Float = 0.1
  /// The objective to which it is added: `supervised`, or one on logits.
  public var base: any Distiller = Supervised()

  /// Creates it with its default settings.
  public init() {}

  /// Makes an objective.
  public init(weight: Float, base: any Distiller = Supervised()) {
    self.weight = weight
    self.base = base
  }

  /// Settings: `weight`, `base`.
  public static var settings: [Setting<GateCost>] {
    [
      Setting(
        "weight", \.weight, in: 0...1e6,
        "factor of the gates' mean outputs, each weighted by its share of the multiply-adds"),
      DistillerCatalogue.baseSetting(\.base),
    ]
  }

  /// The parts that the base learns from.
  public var teacherParts: Set<TeacherPart> { base.teacherParts }
  /// The temperature of the base.
  public var temperatureOfTargets: Float? { base.temperatureOfTargets }
  /// The same cost, added to the base without its teacher.
  public var withoutTeacher: any Distiller { GateCost(weight: weight, base: base.withoutTeacher) }

  /// Throws if no gate closes channels of a layer.
  public func requireStudent(_ student: Graph) throws { _ = try shares(in: student) }

  /// Adds the base, and the mean of each gate by its share of the multiply-adds.
  public func build(_ objective: inout ObjectiveBuilder) throws {
    try base.build(&objective)
    for (gate, share) in try shares(in: objective.student) {
      // As one plane, the channels have a global mean.
      let plane = objective.append(
        Reshape(shape: [1, -1, 1]), name: "gate/" + gate, inputs: [try objective.studentValue(gate)])
      let mean = objective.append(GlobalAveragePool(), name: "gate-cost/" + gate, inputs: [plane])
      objective.minimize(mean, weight: weight * Float(share))
    }
  }

  /// The gates that close outputs of layers, each with its layers' share of the multiply-adds of all such
  /// layers.
  private func shares(in student: Graph) throws(DistillationError) -> [(gate: String, share: Double)] {
    let work = GatedWork(student)
    var costs: [String: Double] = [:]
    for node in student.nodes {
      guard let gate = work.gate(closing: node.name) else { continue }
      costs[gate, default: 0] += Double(student.cost(of: node).multiplyAdds)
    }
    let total = work.gates.reduce(0) { $0 + (costs[$1] ?? 0) }
    guard total > 0 else { throw .noGates(objective: Self.name) }
    return work.gates.compactMap { gate in costs[gate].map { (gate, $0 / total) } }
  }
}
