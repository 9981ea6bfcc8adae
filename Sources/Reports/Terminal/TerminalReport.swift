import Readings
import Runs

/// The ranking for a terminal: the recommended students, the summary, a table, failures and the legend.
///
///     for line in TerminalReport(report).lines(width: 80) { print(line) }
public struct TerminalReport: Sendable {
  private let report: RunReport
  private let targets: [String]

  /// Makes the text of a report.
  public init(_ report: RunReport) {
    self.report = report
    targets = report.targets
  }

  /// The lines, of at most `width` columns.
  public func lines(width: Int) -> [String] {
    let sections = [
      decisions(width), wrapped(report.ranking.summary, width), table(width), targetLines(width),
      failures("failed", report.ranking.failed, width), failures("not run", report.ranking.notRun, width),
      warnings(width), report.ranking.notes.flatMap { wrapped("note: " + $0, width, indent: 6) },
      legend(width),
    ]
    return Array(sections.filter { !$0.isEmpty }.joined(separator: [""]))
  }

  /// The recommended students of each target, which come first.
  private func decisions(_ width: Int) -> [String] {
    report.ranking.decisions.map(DecisionWords.init).flatMap { words in
      wrapped(words.heading + ":", width)
        + words.lines.flatMap { wrapped("  " + $0, width, indent: 4) }
    }
  }

  private func table(_ width: Int) -> [String] {
    var table = TextTable(columns: columns.map(\.column))
    let controls = report.ranking.students.filter { $0.role == "control" }
    let others = report.rows.filter { $0.role != "control" }
    table.rows = (others + controls).map { row in columns.map { $0.cell(row) } }
    let layout = table.layout(width: width)
    let head = layout.headings + layout.rows.prefix(others.count)
    guard !controls.isEmpty else { return head }
    return head
      + ["controls, made by the tool to tell what a method itself is worth:"]
      .flatMap { wrapped($0, width) } + layout.rows.dropFirst(others.count)
  }

  private struct Cells {
    let column: TextTable.Column
    let cell: (Ranking.Row) -> String

    init(_ column: TextTable.Column, _ cell: @escaping (Ranking.Row) -> String) {
      self.column = column
      self.cell = cell
    }
  }

  private var columns: [Cells] {
    let deviations = report.rows.map { Self.deviation($0).count }.max() ?? 0
    return [
      Cells(.init("name", shrinksTo: 18)) { $0.name },
      Cells(.init("marks", leftOutAt: 1)) { row in
        Mark.of(row, on: targets.first, in: report.ranking).map(\.sign).joined()
      },
      Cells(.init("\(report.metricName), %", isNumber: true)) { row in
        let deviation = Self.deviation(row)
        return Quantity.percent(row.accuracy.mean) + deviation
          + String(repeating: " ", count: deviations - deviation.count)
      },
      Cells(.init("Δ", isNumber: true, leftOutAt: 50)) { row in
        row.againstTeacher.map { Quantity.points($0.mean) } ?? ""
      },
      Cells(.init("bytes", isNumber: true)) { Quantity.compact(Double($0.size.fileBytes)) },
      Cells(.init("coded", isNumber: true, leftOutAt: 4)) { Quantity.compact(Double($0.size.codedBytes)) },
      Cells(.init("ratio", isNumber: true, leftOutAt: 3)) { row in
        report.sizeRatio(row).map(Quantity.ratio) ?? Quantity.missing
      },
      Cells(.init("bits", shrinksTo: 6, leftOutAt: 5)) { $0.bits },
    ] + targets.enumerated().flatMap { number, target in readings(of: target, number) }
  }

  /// The columns of a target; those of the first target are kept longest, and further ones are shown where
  /// there is room.
  private func readings(of target: String, _ number: Int) -> [Cells] {
    let rank = number == 0 ? 2 : 100 + number
    return report.resources(of: target).filter { $0 != .flash && $0 != .ram }.map { resource in
      let isFirst = resource == .latency || resource == .energy
      return Cells(
        .init(resource.title, isNumber: true, group: target, leftOutAt: isFirst ? rank : 100 + rank)
      ) { row in
        row.targets[target]?[resource].map { Self.tight(Quantity.amount($0.value, resource.unit)) }
          ?? Quantity.missing
      }
    }
  }

  private static func deviation(_ row: Ranking.Row) -> String {
    row.accuracy.sd.map { " ±" + Quantity.percent($0) } ?? ""
  }

  private static func tight(_ text: String) -> String { text.filter { $0 != " " } }

  /// The basis of each target's figures, and the best row that fits.
  private func targetLines(_ width: Int) -> [String] {
    targets.flatMap { target -> [String] in
      let summary = report.ranking.targets[target]
      var words = "\(target): \(TargetWords(report, target).basis)"
      if let summary { words += "; \(summary.best)" }
      if summary?.energyRanksAsLatency == true { words += "; energy ranks as latency does" }
      return wrapped(words, width, indent: 2)
    }
  }

  private func failures(_ title: String, _ failures: [Ranking.Failure], _ width: Int) -> [String] {
    guard !failures.isEmpty else { return [] }
    return [title + ":"]
      + failures.flatMap { wrapped("  \($0.name), seed \($0.seed): \($0.reason)", width, indent: 4) }
  }

  private func warnings(_ width: Int) -> [String] {
    report.rows.flatMap { row in
      row.warnings.flatMap { wrapped("warning: \(row.name): \($0)", width, indent: 9) }
    }
  }

  private func legend(_ width: Int) -> [String] {
    let target = targets.first
    let borne = Mark.all.filter { mark in report.rows.contains { mark.applies($0, target, report.ranking) } }
    let words = borne.map { "\($0.sign) \($0.meaning(target))" } + fixedLegend
    return wrapped(words.joined(separator: "; "), width)
  }

  private var fixedLegend: [String] {
    let counts = Set(report.rows.map(\.seeds.count)).sorted()
    let seeds = counts.count == 1 ? "\(counts[0])" : "\(counts.first ?? 0) to \(counts.last ?? 0)"
    var words = ["± one standard deviation over \(seeds) seed\(counts == [1] ? "" : "s")"]
    if counts.last ?? 0 < 2 { words = ["one seed a row"] }
    if report.ranking.teacher != nil { words.append("ratio: the teacher's file over the row's, both plain") }
    words.append("coded: bytes when entropy-coded; Δ: points against the teacher")
    return words
  }

  private func wrapped(_ text: String, _ width: Int, indent: Int = 0) -> [String] {
    let printable = TerminalText.printable(text)
    let leading = printable.prefix { $0 == " " }.count
    let lines = TextWrap.lines(printable, width: max(1, width - max(indent, leading)))
    return lines.enumerated().map { number, line in
      let margin = String(repeating: " ", count: number == 0 ? leading : indent)
      return TerminalText.shortened(margin + line, to: width)
    }
  }
}
