import Encodings
import Execution
import Foundation
import Tasks
public import Graphs
import Metrics

extension ONNXExporter {
  /// Reads the file back and runs both networks.
  ///
  /// Floats must agree within 1e-4 of the largest logit; integers within one step of the output's grid on 99
  /// % of the logits.
  public func verify(
    _ written: WrittenExport<ONNXArtifact>, of model: Model, on images: VerificationImages
  ) throws(ExportError) -> Verification? {
    let path = written.path(of: written.artifact.model)
    let expected: ModelOutputs
    let found: ModelOutputs
    do {
      let copy = try ONNXFile.read(path, ImportOptions(needsNormalization: false)).model
      expected = try ModelOutputs(model.graph, on: images)
      found = try ModelOutputs(copy.graph, on: images)
    } catch {
      throw .verification(format: Self.name, reason: "\(error)")
    }
    return Self.comparison(
      expected, found, step: model.graph.outputs.first.flatMap { model.graph.storedEncoding(of: $0) }, images)
  }

  private static func comparison(
    _ expected: ModelOutputs, _ found: ModelOutputs, step: (any ValueEncoding)?, _ images: VerificationImages
  ) -> Verification {
    let largest = expected.values.reduce(Float(0)) { max($0, $1.magnitude) }
    let differences = zip(expected.values, found.values).map { abs($0 - $1) }
    let step = (step as? IntegerValue)?.scale
    let tolerance = step.map { $0 * 1.001 } ?? 1e-4 * max(largest, .leastNormalMagnitude)
    let mismatches = differences.count { !($0 <= tolerance) }
    let allowed = step == nil ? 0 : expected.values.count / 100
    let count = images.truth.count
    let same = (0..<count).count { expected.isAlike(found, on: $0, images.task) }
    let parts = (0..<count).compactMap {
      images.task.contribution(found.heads, image: $0, truth: images.truth[$0])
    }
    let metric =
      parts.isEmpty
      ? ""
      : ", \(images.task.metric.name) is "
        + String(format: "%.2f %%", 100 * parts.reduce(0, +) / Double(count))
    let greatest = differences.max() ?? 0
    return Verification(
      method: "the file was read back and run by condense, and held against the model", images: count,
      mismatches: mismatches,
      findings: [
        "greatest difference of logits \(greatest), largest logit \(largest)"
          + (step.map { ", a step is \($0)" } ?? ""),
        "\(same) of \(count) predictions are equal" + metric,
      ],
      isPassed: found.values.count == expected.values.count && mismatches <= allowed)
  }
}
