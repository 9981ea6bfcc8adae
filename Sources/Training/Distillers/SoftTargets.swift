import Ops
public import Settings
public import Tasks

/// Learning from what a teacher says of every class, softened by a temperature.
///
/// **Formula** `loss = (1 - a)·CE + a·T²·Σ_c p_c·log(p_c / q_c)` with `p = softmax(teacher / T)`,
/// `q = softmax(student / T)`, T the temperature, a the weight; CE is the plain loss, label smoothing included.
///
/// **Paper** Hinton, Vinyals, Dean, "Distilling the knowledge in a neural network", 2015, arXiv:1503.02531.
public struct SoftTargets: Distiller {
  public static let name = "soft-targets"
  public static let summary = "match the teacher's softened probabilities"

  /// What logits are divided by: higher shows more of how the teacher orders the wrong classes.
  public var temperature: Float = 4
  /// The share of the teacher in the loss; the labels have the rest.
  public var weight: Float = 0.9

  public init() {}

  /// Makes an objective.
  public init(temperature: Float, weight: Float) {
    self.temperature = temperature
    self.weight = weight
  }

  public static var settings: [Setting<SoftTargets>] {
    [
      Setting("temperature", \.temperature, in: 0.1...100, "what logits are divided by"),
      Setting("weight", \.weight, in: 0...1, "share of the teacher in the loss; the labels have the rest"),
    ]
  }

  public var teacherParts: Set<TeacherPart> { [.logits] }
  /// Where the teacher has no weight, nothing is learnt from it.
  public var temperatureOfTargets: Float? { weight > 0 ? temperature : nil }

  public func build(_ objective: inout ObjectiveBuilder) throws {
    try objective.minimizeTaskLoss(weight: 1 - weight)
    // Without weight there is nothing for which a teacher would have to run.
    guard weight > 0 else { return }
    let values = [try objective.head(Head.scores), try objective.teacherLogits()]
    let divergence = objective.append(
      KullbackLeibler(temperature: temperature), name: "soft-targets", inputs: values)
    objective.minimize(divergence, weight: weight)
  }
}
