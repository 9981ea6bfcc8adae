import Ops
public import Settings
public import Tasks

/// Learning how a teacher's probabilities are correlated, not what they are: each image's over the classes, and each class's over
/// the images of a batch (DIST).
///
/// **Formula** `loss = labels·CE + classes·T²·(1 - mean_n ρ(P[n,·], Q[n,·])) + images·T²·(1 - mean_c ρ(P[·,c], Q[·,c]))`, P and Q being
/// the batch's probabilities `[N, C]` of student and teacher at temperature T, ρ Pearson's correlation.
///
/// Where a training splits its batches (`accumulationSteps`), each part is a batch of its own.
///
/// **Paper** Huang, You, Wang, Qian, Xu, "Knowledge distillation from a stronger teacher", NeurIPS 2022, arXiv:2205.10536; factors of
/// 2 and a temperature of 4 are those of the authors' code for CIFAR-100.
public struct PearsonRelations: LogitDistiller {
  public static let name = "dist"
  public static let summary =
    "match how the teacher's probabilities are correlated, over classes and over the images of a batch (DIST)"

  /// The factor on what the task minimizes by itself.
  public var labels: Float = 1
  /// The factor on each image's correlation over the classes.
  public var classes: Float = 2
  /// The factor on each class's correlation over the images of a batch.
  public var images: Float = 2
  /// What logits are divided by.
  public var temperature: Float = 4
  /// Whether logits are standardized first.
  public var standardize = false

  public init() {}

  public static var settings: [Setting<PearsonRelations>] {
    [
      labelsSetting,
      Setting("classes", \.classes, in: 0...1000, "factor on each image's correlation over the classes"),
      Setting("images", \.images, in: 0...1000, "factor on each class's correlation over a batch's images"),
      Setting("temperature", \.temperature, in: 0.1...100, "what logits are divided by"),
      standardizeSetting,
    ]
  }

  public var teacherParts: Set<TeacherPart> { [.logits] }
  public var temperatureOfTargets: Float? { temperature }

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
