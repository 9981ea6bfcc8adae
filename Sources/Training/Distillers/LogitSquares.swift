import Ops
public import Settings
public import Tasks

/// Teaches the student the teacher's logits themselves.
///
/// **Formula** `loss = labels·CE + weight·1/C · Σ_c (d_c - mean(d))²` with `d = student - teacher` of an
/// image's C logits. The mean is subtracted because no softmax sees it and stored logits do not hold it.
///
/// **Paper** Ba, Caruana, "Do deep nets really need to be deep?", NIPS 2014, arXiv:1312.6184, which uses no
/// labels; with labels Kim et al., "Comparing Kullback-Leibler divergence and mean squared error loss in
/// knowledge distillation", IJCAI 2021, arXiv:2105.08919. The shares of 0.1 and 0.9 are those of soft targets
/// here.
public struct LogitSquares: LogitDistiller {
  /// The name in recipes: `logit-squares`.
  public static let name = "logit-squares"
  /// One line for `condense list`.
  public static let summary = "match the teacher's logits by their mean squared difference"

  /// The factor of the task's loss.
  public var labels: Float = 0.1
  /// The factor of the mean squared difference.
  public var weight: Float = 0.9
  /// True if logits are standardized first.
  public var standardize = false

  /// Creates it with its default settings.
  public init() {}

  /// Settings: `labels`, `weight`, `standardize`.
  public static var settings: [Setting<LogitSquares>] {
    [
      labelsSetting,
      Setting("weight", \.weight, in: 0...1000, "factor of the mean squared difference of logits"),
      standardizeSetting,
    ]
  }

  /// The teacher's logits, which may be stored.
  public var teacherParts: Set<TeacherPart> { [.logits] }

  /// Adds the task's loss and the centred squared error of the logits.
  public func build(_ objective: inout ObjectiveBuilder) throws {
    try objective.minimizeTaskLoss(weight: labels)
    let loss = objective.append(
      CentredSquaredError(), name: "logit-squares", inputs: try objective.logits(standardized: standardize))
    objective.minimize(loss, weight: weight)
  }
}
