/// The results of a task on a set of images, a part of a trial's `result.json`.
///
/// A task has one file in this folder and one line in `TaskDetailsCatalogue`.
public protocol TaskDetails: Codable, Sendable, Equatable {
  /// The task's name in files: lower case with hyphens, never renamed.
  static var task: String { get }
  /// The metric by which networks are ranked.
  static var metric: MetricKind { get }
  /// The number of images that were judged, at least one.
  var images: Int { get }
  /// The metric's value, 0...1.
  var value: Double { get }
  /// The full name of the value; two networks are compared only if it is the same.
  var judgedBy: String { get }
  /// The metric over these images.
  var judged: any Metric { get }
  /// Checks values that were read from a file, for a network of `classes` classes; assumes nothing.
  ///
  /// Throws the first field that is wrong.
  func validate(classes: Int) throws(FieldProblem)
}

extension TaskDetails {
  /// The metric's name by default.
  public var judgedBy: String { Self.metric.name }
}

/// The catalogue of tasks whose results a file may hold.
public enum TaskDetailsCatalogue {
  /// The types, in the order in which they are documented.
  public static let all: [any TaskDetails.Type] = [ClassificationDetails.self, DetectionDetails.self]

  /// Returns the type of a task's name; `nil` if it is unknown.
  public static func type(of task: String) -> (any TaskDetails.Type)? { all.first { $0.task == task } }
}
