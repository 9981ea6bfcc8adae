import Ops
public import Settings
public import Tasks

/// Teaches the student the teacher's softened probabilities at several temperatures, and their relations
/// (MLKD).
///
/// Relations are those of every two images and of every two classes of a batch.
///
/// **Formula**
/// `loss = labels·CE + Σ_T (instances·T²·KL_T + images·1/N·‖P·Pᵀ - Q·Qᵀ‖² + classes·1/C·‖Pᵀ·P - Qᵀ·Q‖²)`,
/// with P and Q the batch's probabilities `[N, C]` of student and teacher at temperature T, and ‖·‖² sums of
/// squares. If a training splits its batches (`accumulationSteps`), each part counts as a batch.
///
/// **Paper** Jin, Wang, Lin, "Multi-level logit distillation", CVPR 2023. The temperatures are those of the
/// authors' code, which gives all three the weight of 0.9 and the labels 0.1. It sees each image a second
/// time, strongly augmented, and leaves out images and classes of which the teacher is surest; here nothing
/// is left out. Only the instances are standardized, as in Sun et al., CVPR 2024, arXiv:2403.01427, where all
/// three weigh 9.
public struct MultiLevel: LogitDistiller {
  /// The name in recipes: `multi-level`.
  public static let name = "multi-level"
  /// One line for `condense list`.
  public static let summary =
    "match the teacher's probabilities, and their products between images and between classes, at several temperatures (MLKD)"

  /// The factor of the task's loss.
  public var labels: Float = 0.1
  /// The factor of each image's probabilities.
  public var instances: Float = 0.9
  /// The factor of the relations between images.
  public var images: Float = 0.9
  /// The factor of the relations between classes.
  public var classes: Float = 0.9
  /// The temperatures by which logits are divided, one after another.
  public var temperatures: [Float] = [2, 3, 4, 5, 6]
  /// True if each image's logits are standardized first.
  public var standardize = false

  /// Creates it with its default settings.
  public init() {}

  /// Settings: `labels`, `instances`, `images`, `classes`, `temperatures`, `standardize`.
  public static var settings: [Setting<MultiLevel>] {
    [
      labelsSetting,
      Setting(
        "instances", \.instances, in: 0...1000, "factor of the divergence of each image's probabilities"),
      Setting(
        "images", \.images, in: 0...1000,
        "factor of the squared difference of the products of every two images' probabilities"),
      Setting(
        "classes", \.classes, in: 0...1000,
        "factor of the squared difference of the products of every two classes' probabilities over a batch"),
      Setting(
        "temperatures", \.temperatures, expected: "a list of 1 to 16 different numbers in 0.1...100",
        "numbers by which logits are divided before the softmax, one after another"
      ) { list in
        (1...16).contains(list.count) && Set(list).count == list.count && list.allSatisfy { 0.1...100 ~= $0 }
      },
      standardizeSetting,
    ]
  }

  /// The teacher's logits, which may be stored.
  public var teacherParts: Set<TeacherPart> { [.logits] }
  /// The mean of all temperatures.
  public var temperatureOfTargets: Float? { temperatures.reduce(0, +) / Float(max(temperatures.count, 1)) }

  /// Adds the task's loss, and for each temperature the three losses whose factors are not 0.
  public func build(_ objective: inout ObjectiveBuilder) throws {
    try objective.minimizeTaskLoss(weight: labels)
    let plain = try objective.logits(standardized: false)
    let scores = standardize ? try objective.logits(standardized: true) : plain
    for temperature in temperatures {
      let place = "multi-level/\(temperature)/"
      if instances != 0 {
        let loss = objective.append(
          KullbackLeibler(temperature: temperature), name: place + "instances", inputs: scores)
        objective.minimize(loss, weight: instances)
      }
      for (axis, weight) in [(LogitAxis.items, images), (.classes, classes)] where weight != 0 {
        let loss = objective.append(
          PredictionCorrelation(over: axis, temperature: temperature), name: place + axis.rawValue,
          inputs: plain)
        objective.minimize(loss, weight: weight)
      }
    }
  }
}
