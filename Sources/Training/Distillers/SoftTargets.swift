public import Graphs
import Ops
public import Settings
public import Tasks

/// Learning from what a teacher says of every class, softened by a temperature.
///
/// **Formula** `loss = l·CE + a·T²·Σ_c p_c·log(p_c / q_c)` with `p = softmax(teacher / T)`, `q = softmax(student / T)`, T the
/// temperature, a the weight, l the labels' factor, `1 - a` where none is given; CE is the plain loss, label smoothing included.
/// Standardized, each row of logits is first taken less its mean and in units of its standard deviation.
///
/// **Paper** Hinton, Vinyals, Dean, "Distilling the knowledge in a neural network", 2015, arXiv:1503.02531. Standardized: Sun, Ren,
/// Li, Wang, Cao, "Logit standardization in knowledge distillation", CVPR 2024, arXiv:2403.01427, whose code takes a temperature of 2,
/// a weight of 9 and 0.1 for the labels.
public struct SoftTargets: Distiller {
  public static let name = "soft-targets"
  public static let summary = "match the teacher's softened probabilities"

  /// What logits are divided by: higher shows more of how the teacher orders the wrong classes.
  public var temperature: Float = 4
  /// The factor on the teacher's part; where the labels have no factor of their own, it is a share and they have the rest.
  public var weight: Float = 0.9
  /// The factor on what the task minimizes by itself; `nil` for `1 - weight`.
  public var labels: Float?
  /// Whether logits are standardized first.
  public var standardize = false

  public init() {}

  /// Makes an objective.
  public init(temperature: Float, weight: Float, labels: Float? = nil, standardize: Bool = false) {
    (self.temperature, self.weight) = (temperature, weight)
    (self.labels, self.standardize) = (labels, standardize)
  }

  public static var settings: [Setting<SoftTargets>] {
    [
      Setting("temperature", \.temperature, in: 0.1...100, "what logits are divided by"),
      Setting(
        "weight", \.weight, in: 0...1000,
        "factor on the teacher's part: its share, at most 1, where the labels have the rest"),
      Setting(
        "labels", \.labels, in: 0...1000,
        "factor on what the task minimizes by itself; null for the rest of the share"
      ).omittedAsDefault(),
      Setting(
        "standardize", \.standardize,
        "whether both networks' scores are taken less their mean, in units of their standard deviation"
      ).omittedAsDefault(),
    ]
  }

  public var teacherParts: Set<TeacherPart> { [.logits] }
  /// Where the teacher has no weight, nothing is learnt from it.
  public var temperatureOfTargets: Float? { weight > 0 ? temperature : nil }

  public func requireStudent(_ student: Graph) throws { _ = try labelsFactor() }

  public func build(_ objective: inout ObjectiveBuilder) throws {
    try objective.minimizeTaskLoss(weight: try labelsFactor())
    // Without weight there is nothing for which a teacher would have to run.
    guard weight > 0 else { return }
    let divergence = objective.append(
      KullbackLeibler(temperature: temperature), name: "soft-targets",
      inputs: try objective.logits(standardized: standardize))
    objective.minimize(divergence, weight: weight)
  }

  private func labelsFactor() throws(DistillationError) -> Float {
    if let labels { return labels }
    guard weight <= 1 else { throw .noShare(objective: Self.name, weight: weight) }
    return 1 - weight
  }
}
