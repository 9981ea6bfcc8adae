public import Settings
public import Tasks

/// Plain training: what the task minimizes by itself, such as the cross-entropy of labels; no teacher.
public struct Supervised: Distiller {
  public static let name = "supervised"
  public static let summary =
    "what the task minimizes by itself, such as the cross-entropy with labels; no teacher"

  public init() {}
  public static var settings: [Setting<Supervised>] { [] }

  public var teacherParts: Set<TeacherPart> { [] }

  public func build(_ objective: inout ObjectiveBuilder) throws { try objective.minimizeTaskLoss() }
}
