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
  /// The boxes of every class.
  let boxes: [Int]
  /// By class its curve at an overlap of a half, as (recall, precision).
  let curves: [[[Double]]]

  /// The most points of a curve: more than a drawing has room for.
  private static let mostPoints = 100

  init(_ details: DetectionDetails) {
    (map, rule, perClass) = (details.map, details.rule, details.perClass)
    boxes = details.classes.map { $0.boxCounts.reduce(0, +) }
    let judged = AveragePrecision(
      images: details.images, classes: details.classes, by: details.rule)
    curves = details.classes.indices.map { Self.thinned(judged.curve(of: $0)) }
  }

  /// The points at which precision falls, and the last; of many as many as there is room for.
  private static func thinned(_ curve: [(recall: Double, precision: Double)]) -> [[Double]] {
    let corners = curve.indices.filter {
      $0 == curve.count - 1 || curve[$0 + 1].precision < curve[$0].precision
    }
    let step = max(1, (corners.count + mostPoints - 1) / mostPoints)
    let kept = corners.indices.filter { $0 % step == step - 1 || $0 == corners.count - 1 }
    return kept.map { place in
      let point = curve[corners[place]]
      return [(point.recall * 1e4).rounded() / 1e4, (point.precision * 1e4).rounded() / 1e4]
    }
  }
}
