import Metrics

/// What the page shows of a task's details beside its metric: a task's file here, its script in `Resources`, and one line.
enum PageTasks {
  /// The details as the task's script reads them; `nil` for a task of which the page shows the metric alone.
  static func details(_ details: any TaskDetails) -> (any Encodable)? {
    switch details {
    case let details as ClassificationDetails: ClassificationPage(details)
    case let details as DetectionDetails: DetectionPage(details)
    default: nil
    }
  }
}
