public import Settings
public import Tasks

/// Plain training on the task's loss, such as the cross-entropy of labels, without a teacher.
public struct Supervised: Distiller {
  /// The name in recipes: `supervised`.
  public static let name = "supervised"
  /// One line for `condense list`.
  public static let summary =
    "the task's own loss, such as the cross-entropy with labels; without a teacher"

  /// Creates it with its default settings.
  public init() {}
  /// There are no settings.
  public static var settings: [Setting<Supervised>] { [] }

  /// Nothing: there is no teacher.
  public var teacherParts: Set<TeacherPart> { [] }

  /// Adds the task's loss.
  public func build(_ objective: inout ObjectiveBuilder) throws { try objective.minimizeTaskLoss() }
}
