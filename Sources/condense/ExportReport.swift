import Export
import Graphs
import Settings

/// The report of an export, as text or JSON.
struct ExportReport {
  let format: String
  /// The folder of the files.
  let folder: String
  let files: [ExportFile]
  let verification: Verification?

  /// Writes the files of a model and runs them on the images if there are any.
  init<E: Exporter>(
    exporting model: Model, with exporter: E, to folder: String, _ options: ExportOptions,
    verifyingOn material: VerificationImages?
  ) throws {
    let written = try failing(.badInput) { try exporter.export(model, to: folder, options) }
    verification = try failing(.internal) {
      try material.flatMap { try exporter.verify(written, of: model, on: $0) }
    }
    (format, self.folder, files) = (exporter.name, written.folder, written.artifact.files)
  }

  /// One line for each file, then the result of the verification.
  var text: String {
    var lines = files.map { file in
      "\(folder)/\(file.name)  \(file.bytes.count.counted("byte"))  \(file.summary)"
    }
    if let verification {
      lines.append("verified on \(verification.images.counted("image")): \(verification.method)")
      lines += verification.findings.map { "  " + $0 }
    }
    return lines.joined(separator: "\n")
  }

  /// The report as JSON:
  /// `{schema, format, folder, files: [{name, bytes, summary}], verification: {…} or null}`.
  var node: SettingsNode {
    SettingsNode(mapping: [
      "schema": 1.node, "format": format.node, "folder": folder.node,
      "files": SettingsNode(
        .list(
          files.map {
            SettingsNode(mapping: [
              "name": $0.name.node, "bytes": $0.bytes.count.node, "summary": $0.summary.node,
            ])
          })),
      "verification": verification.map(node) ?? SettingsNode(.null),
    ])
  }

  private func node(_ verification: Verification) -> SettingsNode {
    SettingsNode(mapping: [
      "method": verification.method.node, "images": verification.images.node,
      "mismatches": verification.mismatches.node, "findings": verification.findings.node,
      "passed": verification.isPassed.node,
    ])
  }
}
