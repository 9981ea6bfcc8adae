public import Graphs
import Ops
public import Settings
public import Tasks

/// Teaches the student the teacher's probabilities of all classes, softened by a temperature.
///
/// **Formula** `loss = l·CE + a·T²·Σ_c p_c·log(p_c / q_c)` with `p = softmax(teacher / T)` and
/// `q = softmax(student / T)`. T is the temperature, a the weight, and l the labels' factor, `1 - a` if none
/// is given. CE is the plain loss, label smoothing included. A standardized row of logits first loses its
/// mean and is divided by its standard deviation.
///
/// **Paper** Hinton, Vinyals, Dean, "Distilling the knowledge in a neural network", 2015, arXiv:1503.02531.
/// Standardized: Sun, Ren, Li, Wang, Cao, "Logit standardization in knowledge distillation", CVPR 2024,
/// arXiv:2403.01427, whose code takes a temperature of 2, a weight of 9 and 0.1 for the labels.
public struct SoftTargets: Distiller {
  /// The name in recipes: `soft-targets`.
  public static let name = "soft-targets"
  /// One line for `condense list`.
  public static let summary = "match the teacher's probabilities of all classes, softened by a temperature"

  /// The temperature by which logits are divided.
  ///
  /// A higher one shows more of the teacher's order of the wrong classes.
  public var temperature: Float = 4
  /// The factor of the teacher's part; without `labels` it is a share, at most 1, and the labels have the
  /// rest.
  public var weight: Float = 0.9
  /// The factor of the task's loss; `nil` for `1 - weight`.
  public var labels: Float?
  /// True if logits are standardized first.
  public var standardize = false

  /// Creates it with its default settings.
  public init() {}

  /// Makes an objective.
  public init(temperature: Float, weight: Float, labels: Float? = nil, standardize: Bool = false) {
    (self.temperature, self.weight) = (temperature, weight)
    (self.labels, self.standardize) = (labels, standardize)
  }

  /// Settings: `temperature`, `weight`, `labels`, `standardize`.
  public static var settings: [Setting<SoftTargets>] {
    [
      Setting(
        "temperature", \.temperature, in: 0.1...100, "number by which logits are divided before the softmax"),
      Setting(
        "weight", \.weight, in: 0...1000,
        "factor of the teacher's part; at most 1 if labels is null, whose factor is then 1 - weight"),
      Setting(
        "labels", \.labels, in: 0...1000,
        "factor of the task's own loss, such as the cross-entropy with labels; null takes 1 - weight"
      ).omittedAsDefault(),
      Setting(
        "standardize", \.standardize,
        "true standardizes each image's logits to a mean of 0 and a standard deviation of 1 first"
      ).omittedAsDefault(),
    ]
  }

  /// The teacher's logits, which may be stored.
  public var teacherParts: Set<TeacherPart> { [.logits] }
  /// The temperature; `nil` without weight, since nothing is learned from the teacher then.
  public var temperatureOfTargets: Float? { weight > 0 ? temperature : nil }

  /// Throws if the weight is above 1 and labels are to have the rest.
  public func requireStudent(_ student: Graph) throws { _ = try labelsFactor() }

  /// Adds the task's loss, and the divergence of the softened probabilities if it has weight.
  public func build(_ objective: inout ObjectiveBuilder) throws {
    try objective.minimizeTaskLoss(weight: try labelsFactor())
    // Without weight the teacher need not run.
    guard weight > 0 else { return }
    let divergence = objective.append(
      KullbackLeibler(temperature: temperature), name: "soft-targets",
      inputs: try objective.logits(standardized: standardize))
    objective.minimize(divergence, weight: weight)
  }

  /// The factor of the labels: the given one, or the rest of the share.
  private func labelsFactor() throws(DistillationError) -> Float {
    if let labels { return labels }
    guard weight <= 1 else { throw .noShare(objective: Self.name, weight: weight) }
    return 1 - weight
  }
}
