import Ops
public import Settings
public import Tasks

/// Learning a teacher's softened probabilities at several temperatures, and how they go together over a batch: of every two images
/// and of every two classes (MLKD).
///
/// **Formula** `loss = labels·CE + Σ_T (instances·T²·KL_T + images·1/N·‖P·Pᵀ - Q·Qᵀ‖² + classes·1/C·‖Pᵀ·P - Qᵀ·Q‖²)`, P and Q
/// being the batch's probabilities `[N, C]` of student and teacher at temperature T, ‖·‖² sums of squares.
///
/// Where a training splits its batches (`accumulationSteps`), each part is a batch of its own.
///
/// **Paper** Jin, Wang, Lin, "Multi-level logit distillation", CVPR 2023. The temperatures are those of the authors' code, which gives
/// all three the weight of 0.9 and the labels 0.1; it sees each image twice, also strongly augmented, and leaves out images and classes
/// that the teacher is surest of, here nothing. Standardized are the instances alone, as in Sun et al., CVPR 2024, arXiv:2403.01427,
/// where all three weigh 9.
public struct MultiLevel: LogitDistiller {
  public static let name = "multi-level"
  public static let summary =
    "match the teacher's probabilities at several temperatures: each image's, and how images and classes go together (MLKD)"

  /// The factor on what the task minimizes by itself.
  public var labels: Float = 0.1
  /// The factor on each image's probabilities.
  public var instances: Float = 0.9
  /// The factor on how images go together.
  public var images: Float = 0.9
  /// The factor on how classes go together.
  public var classes: Float = 0.9
  /// What logits are divided by, one after another.
  public var temperatures: [Float] = [2, 3, 4, 5, 6]
  /// Whether each image's logits are standardized first.
  public var standardize = false

  public init() {}

  public static var settings: [Setting<MultiLevel>] {
    [
      labelsSetting,
      Setting("instances", \.instances, in: 0...1000, "factor on each image's probabilities"),
      Setting("images", \.images, in: 0...1000, "factor on how every two images of a batch go together"),
      Setting("classes", \.classes, in: 0...1000, "factor on how every two classes go together over a batch"),
      Setting(
        "temperatures", \.temperatures, expected: "a list of 1 to 16 different numbers in 0.1...100",
        "what logits are divided by"
      ) { list in
        (1...16).contains(list.count) && Set(list).count == list.count && list.allSatisfy { 0.1...100 ~= $0 }
      },
      standardizeSetting,
    ]
  }

  public var teacherParts: Set<TeacherPart> { [.logits] }
  /// The mean of all.
  public var temperatureOfTargets: Float? { temperatures.reduce(0, +) / Float(max(temperatures.count, 1)) }

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
