import Foundation
import Ops
import Settings
import Tasks

/// The output of `condense evaluate`.
struct EvaluationReport {
  let split: String
  let scores: any TaskScores
  let classes: [String]
  let seconds: Double
  let skippedFiles: Int
  /// The arithmetic: `float`, `integer`, or `simulated` for floats rounded as the values' encodings round.
  let arithmetic: String
  /// The multiply-adds of each image; `nil` for a network without gates.
  let work: ImageWork?

  private var imagesPerSecond: Double { seconds > 0 ? Double(scores.images) / seconds : 0 }

  /// The report as JSON: the task's figures and the conditions of the measurement.
  var node: SettingsNode {
    SettingsNode(mapping: [
      "schema": 1.node, "split": split.node, "images": scores.images.node,
      "imagesPerSecond": imagesPerSecond.node, "arithmetic": arithmetic.node,
      "skippedFiles": skippedFiles.node,
    ]).adding(workFigures).adding(scores.report(classes: classes).figures)
  }

  private var workFigures: SettingsNode {
    guard let work else { return SettingsNode(mapping: [:]) }
    let node = SettingsNode(mapping: [
      "mean": work.mean.node, "least": work.least.node, "most": work.most.node,
    ])
    return SettingsNode(mapping: ["multiplyAddsPerImage": node])
  }

  /// The report as text.
  var text: String {
    let report = scores.report(classes: classes)
    let line =
      "\(split): \(scores.images) images, \(report.line), " + String(format: "%.0f images/s", imagesPerSecond)
      + ", \(arithmetic) arithmetic"
    let counted = work.map {
      "multiply-adds an image: \(GraphSummary.short(Int($0.mean.rounded()))) in the mean, \(GraphSummary.short($0.least)) at least, "
        + "\(GraphSummary.short($0.most)) at most"
    }
    return ([line, counted].compactMap(\.self) + report.lines).joined(separator: "\n")
  }
}
