import Export
import Settings

/// What was exported, as text or JSON.
struct ExportReport {
  let format: String
  let written: WrittenExport
  let verification: Verification?

  /// A line a file, then what the verification found.
  var text: String {
    var lines = written.files.map { file in
      "\(written.folder)/\(file.name)  \(file.byteCount.counted("byte"))  \(file.summary)"
    }
    if let verification {
      lines.append("verified on \(verification.images.counted("image")): \(verification.method)")
      lines += verification.findings.map { "  " + $0 }
    }
    return lines.joined(separator: "\n")
  }

  /// `{schema, format, folder, files: [{name, bytes, summary}], verification: {…} or null}`.
  var node: SettingsNode {
    SettingsNode(mapping: [
      "schema": 1.node, "format": format.node, "folder": written.folder.node,
      "files": SettingsNode(
        .list(
          written.files.map {
            SettingsNode(mapping: [
              "name": $0.name.node, "bytes": $0.byteCount.node, "summary": $0.summary.node,
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
