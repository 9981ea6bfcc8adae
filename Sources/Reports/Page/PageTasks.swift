import Metrics

/// What the page shows of a task's details beside its metric: a type here, its script in `Resources`, and one line.
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

/// What `classification.js` shows of a classifier.
struct ClassificationPage: Encodable {
  let top1: Double
  let top5: Double
  let loss: Double
  let ece: Double
  /// The confusion matrix as (truth, called, images) where there are images.
  let confusion: [[Int]]

  init(_ details: ClassificationDetails) {
    (top1, top5, loss, ece) = (details.top1, details.top5, details.loss, details.ece)
    confusion = details.confusion.enumerated().flatMap { truth, row in
      row.enumerated().compactMap { called, images in images > 0 ? [truth, called, images] : nil }
    }
  }
}

/// What `detection.js` shows of a detector.
struct DetectionPage: Encodable {
  let map: Double
  let rule: AveragePrecision.Rule
  /// The average precision of every class; `nil` for a class without boxes.
  let perClass: [Double?]

  init(_ details: DetectionDetails) {
    (map, rule, perClass) = (details.map, details.rule, details.perClass)
  }
}
