import Comparison
import Export
import Foundation
import Readings
import Reports
import Runs
import Settings
import Targets

/// The result of a fit, as text or JSON.
struct FitSummary {
  let decision: FitDecision
  let ranking: Ranking
  let request: FitRequest
  let profile: TargetProfile
  let folder: String
  let exports: [ExportReport]

  private var row: Ranking.Row { decision.row }

  /// The student, its needs beside the limits, the reason of the choice, and its files.
  func text(width: Int) -> String {
    var lines = ["student: \(row.name) (\(row.methods.joined(separator: ", ")))"]
    var accuracy = "\(percent(row.accuracy.mean)) of test images"
    if let teacher = ranking.teacher {
      accuracy += ", the teacher \(percent(teacher.accuracy.mean))"
    }
    lines.append("  " + accuracy)
    lines.append("  " + figures.joined(separator: "; "))
    lines += TextWrap.lines("taken: " + decision.reason, width: width - 4).enumerated()
      .map { ($0.offset == 0 ? "  " : "    ") + $0.element }
    lines.append("files:")
    lines.append("  \(folder)/export/student.condensed  \(row.size.codedBytes.counted("byte"))")
    for report in exports {
      lines += report.text.split(separator: "\n").map { "  " + $0 }
    }
    lines.append("  \(folder)/report.html  all students, and how they compare")
    return lines.joined(separator: "\n")
  }

  private var figures: [String] {
    let reading = decision.reading
    func bytes(_ resource: Resource, _ name: String, _ limit: Sourced?) -> String? {
      reading[resource].map { figure in
        "\(name) \(Int(figure.value).counted("byte"))" + (limit.map { " of \(Int($0.value))" } ?? "")
      }
    }
    var texts = [
      bytes(.flash, "flash", profile.flashBytes), bytes(.ram, "RAM", profile.ramBytes),
    ].compactMap(\.self)
    if let latency = reading[.latency] {
      texts.append(
        String(format: "%.3g ms", latency.value) + (request.latencyMs.map { " of \($0)" } ?? "") + " an image"
      )
    }
    if let energy = reading[.energy] {
      let value = energy.value
      texts.append(
        value < 1000 ? String(format: "%.3g µJ", value) : String(format: "%.3g mJ", value / 1000))
    }
    return texts + ["\(reading.basis) on \(profile.name)"]
  }

  private func percent(_ value: Double) -> String { String(format: "%.2f %%", value * 100) }

  /// The result as JSON.
  ///
  /// The keys are `schema`, `request`, `student`, `methods`, `accuracy`, `teacherAccuracy`, `withinMargin`,
  /// `reason`, `reading` and `exports`.
  var node: SettingsNode {
    SettingsNode(mapping: [
      "schema": 1.node, "request": request.node, "student": row.name.node, "methods": row.methods.node,
      "accuracy": row.accuracy.mean.node, "teacherAccuracy": (ranking.teacher?.accuracy.mean).node,
      "withinMargin": decision.isWithinMargin.node, "reason": decision.reason.node,
      "basis": decision.reading.basis.node,
      "flashBytes": (decision.reading[.flash]?.value).node, "ramBytes": (decision.reading[.ram]?.value).node,
      "latencyMs": (decision.reading[.latency]?.value).node,
      "energyMicrojoules": (decision.reading[.energy]?.value).node,
      "exports": SettingsNode(.list(exports.map(\.node))),
    ])
  }
}
