import Foundation
import Settings
import Training

/// What `condense evaluate` prints.
struct EvaluationReport {
  let split: String
  let scores: ClassificationMetrics
  let classes: [String]
  let seconds: Double
  let skippedFiles: Int
  /// `float`, `integer`, or `simulated`: float arithmetic on values as their encodings round them.
  let arithmetic: String

  private var imagesPerSecond: Double { seconds > 0 ? Double(scores.images) / seconds : 0 }

  /// The report as JSON has it.
  var node: SettingsNode {
    let recall = scores.recall
    let rows = classes.indices.map(scores.confusion)
    return SettingsNode(mapping: [
      "schema": 1.node, "split": split.node, "images": scores.images.node, "top1": scores.top1.node,
      "top5": scores.top5.node, "loss": scores.loss.node, "ece": scores.expectedCalibrationError.node,
      "perClass": SettingsNode(
        .list(
          classes.indices.map { label in
            SettingsNode(mapping: [
              "class": classes[label].node, "images": rows[label].reduce(0, +).node,
              "recall": recall[label].node,
            ])
          })),
      "confusion": rows.node, "imagesPerSecond": imagesPerSecond.node, "arithmetic": arithmetic.node,
      "skippedFiles": skippedFiles.node,
    ])
  }

  /// The report for people.
  var text: String {
    var lines = [
      String(
        format:
          "%@: %d images, top-1 %.2f %%, top-5 %.2f %%, loss %.4f, calibration error %.2f %%, %.0f images/s, %@ arithmetic",
        split, scores.images, 100 * scores.top1, 100 * scores.top5, scores.loss,
        100 * scores.expectedCalibrationError, imagesPerSecond, arithmetic)
    ]
    let width = min(30, classes.map(\.count).max() ?? 0)
    lines.append("recall, and what each class was called most often otherwise:")
    let recalls = scores.recall
    for label in classes.indices {
      let row = scores.confusion(of: label)
      let name = classes[label].padding(toLength: max(width, 1), withPad: " ", startingAt: 0)
      guard let recall = recalls[label] else {
        lines.append("  \(name)  no images")
        continue
      }
      var line = "  \(name)  " + String(format: "%6.2f %%", 100 * recall)
      let others = row.indices.filter { $0 != label && row[$0] > 0 }
      if let most = others.max(by: { row[$0] < row[$1] }) { line += "  \(classes[most]) (\(row[most]))" }
      lines.append(line)
    }
    return lines.joined(separator: "\n")
  }
}
