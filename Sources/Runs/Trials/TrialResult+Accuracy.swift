public import Metrics

extension TrialResult {
  /// The accuracy of a student on the test images, in the form of its task.
  ///
  /// In files the task's details stand beside `task`, `metric` and `arithmetic`.
  public struct Accuracy: Sendable, Equatable {
    /// The figures of the task.
    public var details: any TaskDetails
    /// The arithmetic of the measurement: `float`, `simulated` (integers simulated in floats) or `integer`.
    public var arithmetic: String

    /// Makes an accuracy of a task's details and the arithmetic.
    public init(_ details: any TaskDetails, arithmetic: String) {
      self.details = details
      self.arithmetic = arithmetic
    }

    /// The task's name.
    public var task: String { type(of: details).task }
    /// The metric that the student is ranked by.
    public var metric: MetricKind { type(of: details).metric }
    /// The metric's value, 0…1.
    public var value: Double { details.value }
    /// The number of test images.
    public var images: Int { details.images }

    /// True if the details and the arithmetic are equal.
    public static func == (first: Accuracy, second: Accuracy) -> Bool {
      func isEqual<Details: TaskDetails>(_ details: Details) -> Bool {
        second.details as? Details == details
      }
      return first.arithmetic == second.arithmetic && isEqual(first.details)
    }
  }
}

extension TrialResult.Accuracy: Codable {
  private enum CodingKeys: CodingKey {
    case task, metric, arithmetic
  }

  /// Reads the details of the task that `task` names; throws for an unknown task or another metric than the
  /// task's.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let task = try container.decode(String.self, forKey: .task)
    guard let type = TaskDetailsCatalogue.type(of: task) else {
      let known = TaskDetailsCatalogue.all.map { $0.task }.joined(separator: ", ")
      throw DecodingError.dataCorruptedError(
        forKey: .task, in: container, debugDescription: "expected \(known), found \"\(task)\"")
    }
    details = try type.init(from: decoder)
    arithmetic = try container.decode(String.self, forKey: .arithmetic)
    let metric = try container.decode(MetricKind.self, forKey: .metric)
    guard metric == type.metric else {
      throw DecodingError.dataCorruptedError(
        forKey: .metric, in: container,
        debugDescription: "expected \(type.metric.key) for \(task), found \"\(metric.key)\"")
    }
  }

  /// Writes the details and, beside them, `task`, `metric` and `arithmetic`.
  public func encode(to encoder: any Encoder) throws {
    try details.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(task, forKey: .task)
    try container.encode(metric, forKey: .metric)
    try container.encode(arithmetic, forKey: .arithmetic)
  }
}
