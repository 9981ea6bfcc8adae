import Ops
public import Settings
public import Tasks

/// Teaches the student the correlations of the teacher's probabilities instead of their values (DIST).
///
/// They are those of each image over the classes, and of each class over the images of a batch.
///
/// **Formula** `loss = labels·CE + classes·T²·(1 - mean_n ρ(P[n,·], Q[n,·]))` and, added to it,
/// `images·T²·(1 - mean_c ρ(P[·,c], Q[·,c]))`, with P and Q the batch's probabilities `[N, C]` of student and
/// teacher at temperature T, and ρ Pearson's correlation. If a training splits its batches
/// (`accumulationSteps`), each part counts as a batch.
///
/// **Paper** Huang, You, Wang, Qian, Xu, "Knowledge distillation from a stronger teacher", NeurIPS 2022,
/// arXiv:2205.10536; factors of 2 and a temperature of 4 are those of the authors' code for CIFAR-100.
public struct PearsonRelations: LogitDistiller {
  /// The name in recipes: `dist`.
  public static let name = "dist"
  /// One line for `condense list`.
  public static let summary =
    "maximize the correlation with the teacher's probabilities, over classes and over the images of a batch (DIST)"

  /// The factor of the task's loss.
  public var labels: Float = 1
  /// The factor of each image's correlation over the classes.
  public var classes: Float = 2
  /// The factor of each class's correlation over the images of a batch.
  public var images: Float = 2
  /// The temperature by which logits are divided.
  public var temperature: Float = 4
  /// True if logits are standardized first.
  public var standardize = false

  /// Creates it with its default settings.
  public init() {}

  /// Settings: `labels`, `classes`, `images`, `temperature`, `standardize`.
  public static var settings: [Setting<PearsonRelations>] {
    [
      labelsSetting,
      Setting(
        "classes", \.classes, in: 0...1000,
        "factor of 1 minus the correlation of an image's probabilities over the classes"),
      Setting(
        "images", \.images, in: 0...1000,
        "factor of 1 minus the correlation of a class's probabilities over a batch"),
      Setting(
        "temperature", \.temperature, in: 0.1...100, "number by which logits are divided before the softmax"),
      standardizeSetting,
    ]
  }

  /// The teacher's logits, which may be stored.
  public var teacherParts: Set<TeacherPart> { [.logits] }
  /// The temperature.
  public var temperatureOfTargets: Float? { temperature }

  /// Adds the task's loss, and the two distances whose factors are not 0.
  public func build(_ objective: inout ObjectiveBuilder) throws {
    try objective.minimizeTaskLoss(weight: labels)
    let pair = try objective.logits(standardized: standardize)
    for (axis, weight) in [(LogitAxis.classes, classes), (.items, images)] where weight != 0 {
      let loss = objective.append(
        PearsonDistance(over: axis, temperature: temperature), name: "dist/" + axis.rawValue, inputs: pair)
      objective.minimize(loss, weight: weight)
    }
  }
}
