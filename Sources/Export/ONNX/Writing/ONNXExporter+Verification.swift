import Encodings
import Execution
import Foundation
public import Graphs

extension ONNXExporter {
  /// Reads the file back and runs both networks: floats agree within 1e-4 of the largest logit, integers within a step of
  /// the output's grid on 99 % of the logits.
  public func verify(
    _ written: WrittenExport<ONNXArtifact>, of model: Model, on images: VerificationImages
  ) throws(ExportError) -> Verification? {
    let path = written.path(of: written.artifact.model)
    let expected: ModelLogits
    let found: ModelLogits
    do {
      let copy = try ONNXFile.read(path, ImportOptions(needsNormalization: false)).model
      expected = try ModelLogits(model.graph, on: images)
      found = try ModelLogits(copy.graph, on: images)
    } catch {
      throw .verification(format: Self.name, reason: "\(error)")
    }
    return Self.comparison(
      expected, found, step: model.graph.outputs.first.flatMap { model.graph.storedEncoding(of: $0) },
      labels: images.labels)
  }

  private static func comparison(
    _ expected: ModelLogits, _ found: ModelLogits, step: (any ValueEncoding)?, labels: [Int]
  ) -> Verification {
    let largest = expected.values.reduce(Float(0)) { max($0, $1.magnitude) }
    let differences = zip(expected.values, found.values).map { abs($0 - $1) }
    let step = (step as? IntegerValue)?.scale
    let tolerance = step.map { $0 * 1.001 } ?? 1e-4 * max(largest, .leastNormalMagnitude)
    let mismatches = differences.count { !($0 <= tolerance) }
    let allowed = step == nil ? 0 : expected.values.count / 100
    let same = zip(expected.predictions, found.predictions).count { $0 == $1 }
    let right = zip(found.predictions, labels).count { $0 == $1 }
    let greatest = differences.max() ?? 0
    return Verification(
      method: "the file was read back and run by condense, and held against the model", images: labels.count,
      mismatches: mismatches,
      findings: [
        "greatest difference of logits \(greatest), largest logit \(largest)"
          + (step.map { ", a step is \($0)" } ?? ""),
        "\(same) of \(labels.count) predictions are equal, \(right) are right",
      ],
      isPassed: found.values.count == expected.values.count && mismatches <= allowed)
  }
}
