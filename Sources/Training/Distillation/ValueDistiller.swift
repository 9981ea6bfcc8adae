import Settings
import Tasks

/// An objective that compares values within both networks, added to another one.
public protocol ValueDistiller: Distiller {
  /// The objective to which it is added: `supervised`, or one on logits.
  var base: any Distiller { get }
}

extension ValueDistiller {
  /// Values, and the parts that the base learns from.
  public var teacherParts: Set<TeacherPart> { base.teacherParts.union([.values]) }
  /// The temperature of the base.
  public var temperatureOfTargets: Float? { base.temperatureOfTargets }
}
