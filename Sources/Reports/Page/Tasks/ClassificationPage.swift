import Metrics

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
