import Foundation
import Runs

/// The page's ranking: a table that works without scripts; scripts sort and filter it.
struct PageRanking {
  private let report: RunReport
  private let scale: ClosedRange<Double>

  init(_ report: RunReport) {
    self.report = report
    // A control that collapsed must not compress the scale of all other rows.
    let students = report.rows.filter { $0.role != "control" }
    let rows = students.isEmpty ? report.rows : students
    let low = rows.map(\.accuracy.low).filter(\.isFinite).min() ?? 0
    let high = rows.map(\.accuracy.high).filter(\.isFinite).max() ?? 1
    scale = low < high ? low...high : low...(low + 1)
  }

  /// The HTML of the table.
  var html: String {
    let columns = columns
    let chosen = report.targets.first
    let groups = groups.map { group in
      let lines = group.map { row in
        let families = report.families(of: row).map(HTMLText.escaped).joined(separator: "&#10;")
        return "<tr data-role=\"\(HTMLText.escaped(row.role))\" data-families=\"\(families)\">"
          + columns.map { $0.body(row, chosen) }.joined() + "</tr>"
      }
      return "<tbody>\n\(lines.joined(separator: "\n"))\n</tbody>"
    }
    return
      "<div class=\"scroll\"><table><thead><tr>\(columns.map { $0.head(chosen) }.joined())</tr></thead>\n"
      + groups.joined(separator: "\n") + "\n</table></div>"
  }

  /// Each row with its controls, folded under it; a control whose row is missing has its own group.
  private var groups: [[Ranking.Row]] {
    let others = report.rows.filter { $0.role != "control" }
    let names = Set(others.map(\.name))
    let controls = report.rows.filter { $0.role == "control" }
    let owned = Dictionary(grouping: controls) { $0.controlOf.first(where: names.contains) }
    return others.map { [$0] + (owned[$0.name] ?? []) } + (owned[nil] ?? []).map { [$0] }
  }

  /// The checkbox that unfolds a row's controls.
  private func unfolding(_ row: Ranking.Row) -> String {
    let count = groups.first { $0[0].name == row.name && $0[0].role == row.role }.map { $0.count - 1 } ?? 0
    guard count > 0 else { return "" }
    return "<label><input type=\"checkbox\" class=\"unfold\">\(count) control\(count == 1 ? "" : "s")</label>"
  }

  private var columns: [PageColumn] {
    let targets: [String?] = report.targets.isEmpty ? [nil] : report.targets
    return [name] + targets.map(marks) + accuracy + size
      + report.targets.flatMap { PageReadings(report, $0).columns } + cost
  }

  private var name: PageColumn {
    PageColumn(title: "Name", hint: "Students, controls and the teacher", isNumber: false) { row in
      let methods = row.methods.isEmpty ? row.role : row.methods.joined(separator: " → ")
      let words = row.role == "control" ? "control" + (row.methods.isEmpty ? "" : ": " + methods) : methods
      let warnings = row.warnings.map { "<small class=\"warning\">\(HTMLText.escaped($0))</small>" }.joined()
      return PageColumn.Cell(
        shown:
          "<b>\(HTMLText.escaped(row.name))</b><small>\(HTMLText.escaped(words))</small>\(unfolding(row))\(warnings)",
        sort: row.name.lowercased())
    }
  }

  private func marks(_ target: String?) -> PageColumn {
    PageColumn(
      title: "Marks", hint: "Hover over a mark for what it means", isNumber: false, isLargestFirst: true,
      target: target
    ) { row in
      let marks = Mark.of(row, on: target, in: report.ranking)
      let shown = marks.map { "<abbr title=\"\(HTMLText.escaped($0.meaning(target)))\">\($0.sign)</abbr>" }
      return PageColumn.Cell(shown: shown.joined(), sort: marks.map(\.sign).joined(), style: "marks")
    }
  }

  private static func capitalized(_ name: String) -> String { name.prefix(1).uppercased() + name.dropFirst() }

  private var accuracy: [PageColumn] {
    [
      PageColumn(
        title: Self.capitalized(report.metricName) + ", %", hint: "Mean over seeds ± one standard deviation",
        isLargestFirst: true
      ) {
        row in
        let deviation = row.accuracy.sd.map { " <small>± \(Quantity.percent($0))</small>" } ?? ""
        return PageColumn.Cell(
          shown: Quantity.percent(row.accuracy.mean) + deviation, sort: "\(row.accuracy.mean)")
      },
      PageColumn(
        title: "95 % interval", hint: "Of the mean, all rows on one scale; dashed: the teacher",
        isLargestFirst: true
      ) {
        PageColumn.Cell(shown: interval($0), sort: "\($0.accuracy.low)")
      },
      PageColumn(title: "Δ teacher", hint: "Percentage points, paired by seed", isLargestFirst: true) { row in
        PageColumn.Cell(
          shown: row.againstTeacher.map { Quantity.points($0.mean) } ?? "",
          sort: row.againstTeacher.map { "\($0.mean)" } ?? "")
      },
      PageColumn(title: "p", hint: "Of the difference to the teacher, after Holm's correction", isExtra: true)
      { row in
        let known = row.againstTeacher?.pValue
        return PageColumn.Cell(
          shown: row.againstTeacher == nil ? "" : HTMLText.escaped(Quantity.pValue(known)),
          sort: known.map { "\($0)" } ?? "")
      },
    ]
  }

  /// The mean and the interval, on the scale of all rows.
  private func interval(_ row: Ranking.Row) -> String {
    func place(_ value: Double) -> String {
      let share = (value - scale.lowerBound) / (scale.upperBound - scale.lowerBound)
      return String(format: "%.1f", 4 + min(max(share.isFinite ? share : 0, 0), 1) * 82)
    }
    guard row.accuracy.mean >= scale.lowerBound else { return "<small>below the scale</small>" }
    let words = "\(Quantity.percent(row.accuracy.low)) to \(Quantity.percent(row.accuracy.high)) %"
    let teacher = report.ranking.teacher.map { teacher in
      let across = place(teacher.accuracy.mean)
      return "<line class=\"mark\" x1=\"\(across)\" x2=\"\(across)\" y1=\"-8\" y2=\"22\"/>"
    }
    return
      "<svg class=\"range\" viewBox=\"0 0 90 14\" role=\"img\" aria-label=\"\(words)\"><title>\(words)</title>"
      + (teacher ?? "")
      + "<line x1=\"\(place(row.accuracy.low))\" x2=\"\(place(row.accuracy.high))\" y1=\"7\" y2=\"7\"/>"
      + "<circle cx=\"\(place(row.accuracy.mean))\" cy=\"7\" r=\"3.5\"/></svg>"
  }

  private var size: [PageColumn] {
    [
      count("File", "Bytes of the file, plain", \.size.fileBytes, Quantity.bytes),
      count("Coded", "Bytes with sections entropy-coded", \.size.codedBytes, Quantity.bytes),
      PageColumn(title: "Ratio", hint: "The teacher's file over this one, both plain", isLargestFirst: true) {
        row in
        let ratio = report.sizeRatio(row)
        return PageColumn.Cell(
          shown: ratio.map(Quantity.ratio) ?? Quantity.missing, sort: ratio.map { "\($0)" } ?? "")
      },
      PageColumn(title: "Bits", hint: "Of weights and of values between layers", isNumber: false) {
        PageColumn.Cell(shown: HTMLText.escaped($0.bits), sort: $0.bits)
      },
      count("Multiply-adds", "An image", \.multiplyAdds, Quantity.count, isExtra: true),
      count("Parameters", "Stored weights", \.parameters, Quantity.count, isExtra: true),
      count("Non-zeros", "Weights that are not zero", \.nonZeros, Quantity.count, isExtra: true),
    ]
  }

  private var cost: [PageColumn] {
    [
      count("Seeds", "Repetitions under other seeds", \.seeds.count, { "\($0)" }, isExtra: true),
      count(
        "Trained on", "Images seen while training, repeats counted", \.cost.trainingImages, Quantity.count,
        isExtra: true),
      PageColumn(title: "Time", hint: "Of the training, this trial alone", isExtra: true) { row in
        PageColumn.Cell(shown: Quantity.milliseconds(row.cost.seconds * 1e3), sort: "\(row.cost.seconds)")
      },
    ]
  }

  private func count(
    _ title: String, _ hint: String, _ value: KeyPath<Ranking.Row, Int>, _ format: @escaping (Int) -> String,
    isExtra: Bool = false
  ) -> PageColumn {
    PageColumn(title: title, hint: hint, isExtra: isExtra) { row in
      PageColumn.Cell(shown: format(row[keyPath: value]), sort: "\(row[keyPath: value])")
    }
  }
}
