public import Settings

/// Plain training: the cross-entropy of labels, with no teacher.
public struct Supervised: Distiller {
  public static let name = "supervised"
  public static let summary = "cross-entropy with the labels; no teacher"

  public init() {}
  public static var settings: [Setting<Supervised>] { [] }

  public var teacherParts: Set<TeacherPart> { [] }

  public func build(_ objective: inout ObjectiveBuilder) { objective.minimizeLabelLoss() }
}
