import Metrics

/// The page's view of a task's details: a type here, a script in `Resources`, and one line below.
enum PageTasks {
  /// The details for the task's script; `nil` for a task of which the page shows the metric alone.
  static func details(_ details: any TaskDetails) -> (any Encodable)? {
    switch details {
    case let details as ClassificationDetails: ClassificationPage(details)
    case let details as DetectionDetails: DetectionPage(details)
    default: nil
    }
  }
}

/// The details of a classifier for `classification.js`.
struct ClassificationPage: Encodable {
  let top1: Double
  let top5: Double
  let loss: Double
  let ece: Double
  /// The confusion matrix as triples (true class, predicted class, images) with at least one image.
  let confusion: [[Int]]

  init(_ details: ClassificationDetails) {
    (top1, top5, loss, ece) = (details.top1, details.top5, details.loss, details.ece)
    confusion = details.confusion.enumerated().flatMap { truth, row in
      row.enumerated().compactMap { called, images in images > 0 ? [truth, called, images] : nil }
    }
  }
}

/// The details of a detector for `detection.js`.
struct DetectionPage: Encodable {
  let map: Double
  let rule: AveragePrecision.Rule
  /// The average precision of each class; `nil` for a class without boxes.
  let perClass: [Double?]

  init(_ details: DetectionDetails) {
    (map, rule, perClass) = (details.map, details.rule, details.perClass)
  }
}
