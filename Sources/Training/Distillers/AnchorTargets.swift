public import Graphs
import Ops
public import Settings
public import Tasks
import Tensors

/// Teaches the student a detector's softened probabilities and boxes of each anchor.
///
/// **Formula** `loss = l·labels + a·D`, with D the loss `anchor-divergence`:
/// `1/W · Σ_a w_a·(T²·KL(teacher ‖ student) + b·smoothL1)`. The weight w_a of an anchor grows with the
/// teacher's confidence that it holds an object.
///
/// **Paper** Chen, Choi, Yu, Han, Chandraker, "Learning efficient object detection models with knowledge
/// distillation", NIPS 2017.
public struct AnchorTargets: Distiller {
  /// The name in recipes: `anchor-targets`.
  public static let name = "anchor-targets"
  /// One line for `condense list`.
  public static let summary = "match a teacher detector's class probabilities and boxes of each anchor"

  /// The factor of the teacher's part.
  public var weight: Float = 1
  /// The factor of the task's loss.
  public var labels: Float = 1
  /// The temperature by which scores are divided.
  public var temperature: Float = 2
  /// The factor of boxes within the teacher's part.
  public var boxes: Float = 1

  /// Creates it with its default settings.
  public init() {}

  /// Settings: `weight`, `labels`, `temperature`, `boxes`.
  public static var settings: [Setting<AnchorTargets>] {
    [
      Setting("weight", \.weight, in: 1e-6...1000, "factor of the teacher's part"),
      Setting("labels", \.labels, in: 0...1000, "factor of the task's own loss"),
      Setting(
        "temperature", \.temperature, in: 0.1...100, "number by which scores are divided before the softmax"),
      Setting("boxes", \.boxes, in: 0...1000, "factor of boxes within the teacher's part"),
    ]
  }

  /// Values within the teacher, which runs alongside.
  public var teacherParts: Set<TeacherPart> { [.values] }
  /// The temperature.
  public var temperatureOfTargets: Float? { temperature }

  /// Throws if the student has no scores of anchors.
  public func requireHeads(_ task: any ImageTask, of student: Graph) throws {
    _ = try task.heads(of: student, network: "training").named(Head.anchorScores, network: "training")
  }

  /// Adds the task's loss and the divergence of the anchors; throws if the teacher has other anchors.
  public func build(_ objective: inout ObjectiveBuilder) throws {
    try objective.minimizeTaskLoss(weight: labels)
    let scores = try objective.heads.named(Head.anchorScores, network: "training")
    guard let teacher = objective.teacher else { throw DistillationError.noTeacher(objective: Self.name) }
    let others = try objective.task.heads(of: teacher, network: "teacher")
    guard others.map(\.anchors) == objective.heads.map(\.anchors) else {
      throw DistillationError.different(
        what: "anchors", student: "\(scores.anchors?.count ?? 0)", teacher: "\(others[0].anchors?.count ?? 0)"
      )
    }
    var own: [String] = []
    for head in objective.heads { own.append(try objective.head(head.name)) }
    var its: [String] = []
    for head in others { its.append(try objective.teacherValue(head.value)) }
    let said = objective.append(Concat(), name: "anchor-targets/student", inputs: own)
    let wanted = objective.append(Concat(), name: "anchor-targets/teacher", inputs: its)
    let divergence = AnchorDivergence(
      classes: scores.shape.count / (scores.anchors?.count ?? 1), temperature: temperature, boxes: boxes)
    let loss = objective.append(divergence, name: "anchor-targets", inputs: [said, wanted])
    objective.minimize(loss, weight: weight)
  }
}
