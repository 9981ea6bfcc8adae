import Ops
public import Settings
public import Tasks

/// Learning a teacher's logits themselves.
///
/// **Formula** `loss = labels·CE + weight·1/C · Σ_c (d_c - mean(d))²` with `d = student - teacher` of an image's C logits. What a
/// row's logits have in common no softmax sees, and stored logits do not tell: it is taken off.
///
/// **Paper** Ba, Caruana, "Do deep nets really need to be deep?", NIPS 2014, arXiv:1312.6184, which uses no labels; with them Kim et
/// al., "Comparing Kullback-Leibler divergence and mean squared error loss in knowledge distillation", IJCAI 2021, arXiv:2105.08919.
/// The shares of 0.1 and 0.9 are those of soft targets here.
public struct LogitSquares: LogitDistiller {
  public static let name = "logit-squares"
  public static let summary = "match the teacher's logits by their mean squared difference"

  /// The factor on what the task minimizes by itself.
  public var labels: Float = 0.1
  /// The factor on the mean squared difference.
  public var weight: Float = 0.9
  /// Whether logits are standardized first.
  public var standardize = false

  public init() {}

  public static var settings: [Setting<LogitSquares>] {
    [
      labelsSetting,
      Setting("weight", \.weight, in: 0...1000, "factor on the mean squared difference of logits"),
      standardizeSetting,
    ]
  }

  public var teacherParts: Set<TeacherPart> { [.logits] }

  public func build(_ objective: inout ObjectiveBuilder) throws {
    try objective.minimizeTaskLoss(weight: labels)
    let loss = objective.append(
      CentredSquaredError(), name: "logit-squares", inputs: try objective.logits(standardized: standardize))
    objective.minimize(loss, weight: weight)
  }
}
