import Ops
public import Settings
public import Tasks

/// Teaches the student separately the teacher's certainty of the class and its division of the rest (DKD).
///
/// **Formula** `loss = labels·CE + T²·(target·B + others·O)`. B is the divergence of (p_k, 1 - p_k) from the
/// teacher's for the image's class k. O is the divergence of the softened probabilities of the other classes
/// among themselves. Soft targets are `B + (1 - p_k)·O` with the teacher's p_k. A blended image counts for
/// both of its classes, by their shares.
///
/// **Paper** Zhao, Cui, Song, Qiu, Liang, "Decoupled knowledge distillation", CVPR 2022, arXiv:2203.08679.
/// Defaults are those of the authors' code (mdistiller) for most pairs; it takes 2 for `others` from
/// ResNet-56 to ResNet-20. There the teacher's part grows over the first 20 of 240 epochs, here it does not.
/// Standardized: Sun et al., CVPR 2024, arXiv:2403.01427, at a temperature of 2 with 9 times both factors.
public struct Decoupled: LogitDistiller {
  /// The name in recipes: `decoupled`.
  public static let name = "decoupled"
  /// One line for `condense list`.
  public static let summary =
    "match the teacher's probability of the image's class and those of the others, with separate factors (DKD)"

  /// The factor of the task's loss.
  public var labels: Float = 1
  /// The factor of the certainty of the image's class.
  public var target: Float = 1
  /// The factor of the division among the other classes.
  public var others: Float = 8
  /// The temperature by which logits are divided.
  public var temperature: Float = 4
  /// True if logits are standardized first.
  public var standardize = false

  /// Creates it with its default settings.
  public init() {}

  /// Settings: `labels`, `target`, `others`, `temperature`, `standardize`.
  public static var settings: [Setting<Decoupled>] {
    [
      labelsSetting,
      Setting(
        "target", \.target, in: 0...1000, "factor of the divergence of the image's class against all others"),
      Setting("others", \.others, in: 0...1000, "factor of the divergence among the other classes"),
      Setting(
        "temperature", \.temperature, in: 0.1...100, "number by which logits are divided before the softmax"),
      standardizeSetting,
    ]
  }

  /// The teacher's logits, which may be stored.
  public var teacherParts: Set<TeacherPart> { [.logits] }
  /// The temperature.
  public var temperatureOfTargets: Float? { temperature }

  /// Adds the task's loss and the decoupled divergence, which reads the teacher's logits beside the labels.
  public func build(_ objective: inout ObjectiveBuilder) throws {
    try objective.minimizeTaskLoss(weight: labels)
    let pair = try objective.logits(standardized: standardize)
    let known = objective.append(
      Concat(), name: "decoupled/known", inputs: [pair[1], try objective.labels()])
    let loss = objective.append(
      DecoupledDivergence(target: target, others: others, temperature: temperature), name: "decoupled",
      inputs: [pair[0], known])
    objective.minimize(loss, weight: 1)
  }
}
