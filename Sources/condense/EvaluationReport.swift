import Foundation
import Settings
import Tasks

/// What `condense evaluate` prints.
struct EvaluationReport {
  let split: String
  let scores: any TaskScores
  let classes: [String]
  let seconds: Double
  let skippedFiles: Int
  /// `float`, `integer`, or `simulated`: float arithmetic on values as their encodings round them.
  let arithmetic: String

  private var imagesPerSecond: Double { seconds > 0 ? Double(scores.images) / seconds : 0 }

  /// The report as JSON has it: the task's figures, and how they came about.
  var node: SettingsNode {
    SettingsNode(mapping: [
      "schema": 1.node, "split": split.node, "images": scores.images.node,
      "imagesPerSecond": imagesPerSecond.node, "arithmetic": arithmetic.node,
      "skippedFiles": skippedFiles.node,
    ]).adding(scores.report(classes: classes).figures)
  }

  /// The report for people.
  var text: String {
    let report = scores.report(classes: classes)
    let line =
      "\(split): \(scores.images) images, \(report.line), " + String(format: "%.0f images/s", imagesPerSecond)
      + ", \(arithmetic) arithmetic"
    return ([line] + report.lines).joined(separator: "\n")
  }
}
