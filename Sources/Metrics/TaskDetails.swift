/// What a task keeps of how a network did on a set of images: a part of a trial's `result.json`.
///
/// A task's file in this folder and one line in `TaskDetailsCatalogue`.
public protocol TaskDetails: Codable, Sendable, Equatable {
  /// The task's name: lower case, hyphens, never renamed.
  static var task: String { get }
  /// The metric that networks are ranked by.
  static var metric: MetricKind { get }
  /// Images that were judged, at least one.
  var images: Int { get }
  /// The metric's value, 0…1.
  var value: Double { get }
  /// What the value is, whole: two networks are compared only where it is the same.
  var judgedBy: String { get }
  /// The metric of these images.
  var judged: any Metric { get }
  /// Checks what was read from a file, believing nothing.
  ///
  /// - Parameter classes: how many classes the network knows.
  func validate(classes: Int) throws(FieldProblem)
}

extension TaskDetails {
  public var judgedBy: String { Self.metric.name }
}

/// Every task whose details a file may hold.
public enum TaskDetailsCatalogue {
  /// The types, in the order in which they are documented.
  public static let all: [any TaskDetails.Type] = [ClassificationDetails.self, DetectionDetails.self]

  /// The type of a task's name.
  public static func type(of task: String) -> (any TaskDetails.Type)? { all.first { $0.task == task } }
}
