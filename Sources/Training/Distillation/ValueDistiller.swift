import Settings
import Tasks

/// An objective that compares values within both networks, on top of another one.
public protocol ValueDistiller: Distiller {
  /// What it is added to: `supervised`, or one of logits.
  var base: any Distiller { get }
}

extension ValueDistiller {
  /// Values, and what the objective that it is added to learns from.
  public var teacherParts: Set<TeacherPart> { base.teacherParts.union([.values]) }
  public var temperatureOfTargets: Float? { base.temperatureOfTargets }
}
