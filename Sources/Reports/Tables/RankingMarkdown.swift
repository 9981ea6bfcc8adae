import Readings
import Runs

/// The file `ranking.md`: the ranking as Markdown for GitHub.
struct RankingMarkdown {
  private let report: RunReport

  init(_ report: RunReport) { self.report = report }

  /// The whole file.
  var text: String {
    let sections =
      [
        ["# \(MarkdownText.escaped(report.ranking.run))"], decisions,
        [MarkdownText.escaped(report.ranking.summary)],
        table,
      ] + report.targets.flatMap(targetSections) + (report.ranking.searches ?? []).flatMap(searchSections) + [
        failures("Failed", report.ranking.failed), failures("Not run", report.ranking.notRun), comparisons,
        report.ranking.notes.map { "- " + MarkdownText.escaped($0) } + warnings, ["## Words"], words,
      ]
    return sections.filter { !$0.isEmpty }.map { $0.joined(separator: "\n") + "\n" }.joined(separator: "\n")
  }

  private var decisions: [String] {
    report.ranking.decisions.map(DecisionWords.init).flatMap { words in
      ["- **\(MarkdownText.escaped(words.heading))**"] + words.lines.map { "  - " + MarkdownText.escaped($0) }
    }
  }

  private var table: [String] {
    let titles = [
      "name", "role", "methods", "\(report.metricName), %", "95 % interval", "Δ teacher, points", "p",
      "bytes", "coded",
      "ratio", "parameters", "non-zeros", "multiply-adds", "bits", "seeds", "training images",
    ]
    let areNumbers = titles.indices.map { ![0, 1, 2, 13].contains($0) }
    return [MarkdownText.row(titles), MarkdownText.rule(areNumbers)]
      + report.rows.map { MarkdownText.row(cells($0)) }
  }

  private func cells(_ row: Ranking.Row) -> [String] {
    let name = MarkdownText.escaped(row.name)
    return [
      row.role == "student" ? "**\(name)**" : name, MarkdownText.escaped(row.role),
      row.methods.map(MarkdownText.escaped).joined(separator: " → "),
      Quantity.percent(row.accuracy.mean) + (row.accuracy.sd.map { " ± " + Quantity.percent($0) } ?? ""),
      "\(Quantity.percent(row.accuracy.low)) to \(Quantity.percent(row.accuracy.high))",
      row.againstTeacher.map { Quantity.points($0.mean) } ?? "",
      row.againstTeacher.map { Quantity.pValue($0.pValue).replacing("<", with: "&lt;") } ?? "",
      Quantity.bytes(row.size.fileBytes), Quantity.bytes(row.size.codedBytes),
      report.sizeRatio(row).map(Quantity.ratio) ?? Quantity.missing, Quantity.count(row.parameters),
      Quantity.count(row.nonZeros), Quantity.count(row.multiplyAdds), MarkdownText.escaped(row.bits),
      "\(row.seeds.count)", Quantity.count(row.cost.trainingImages),
    ]
  }

  private func targetSections(_ target: String) -> [[String]] {
    let summary = report.ranking.targets[target]
    var lines = [MarkdownText.escaped("Basis: \(TargetWords(report, target).basis).")]
    if let summary { lines.append(MarkdownText.escaped(summary.best)) }
    for tie in summary?.ties ?? [] {
      lines.append("Latencies not told apart: \(tie.map(MarkdownText.escaped).joined(separator: ", ")).")
    }
    if summary?.energyRanksAsLatency == true {
      lines.append("Energy ranks the rows exactly as latency does.")
    }
    let columns = report.resources(of: target).flatMap { amounts($0, on: target) }
    let titles =
      ["name", "marks", "\(report.metricName), %"] + columns.map { MarkdownText.escaped($0.title) } + [
        "a day", "basis", "fits",
      ]
    let rows = report.rows.compactMap { row in
      row.targets[target].map { reading in
        MarkdownText.row(
          first(row, target) + columns.map { MarkdownText.escaped($0.cell(reading)) } + last(reading))
      }
    }
    let rule = MarkdownText.rule(
      [false, false, true] + columns.map { _ in true } + [true, false, false])
    return [
      ["## \(MarkdownText.escaped(target))"], lines, [MarkdownText.row(titles), rule] + rows,
    ]
  }

  /// A search's front; all candidates are in the page and in `ranking.json`.
  private func searchSections(_ search: SearchRecord) -> [[String]] {
    let words = SearchWords(search)
    let rule = MarkdownText.rule(words.heads.indices.map { $0 <= search.objectives.count })
    return [
      ["## Search: \(MarkdownText.escaped(search.student))", "", MarkdownText.escaped(words.sentence)],
      [MarkdownText.row(words.heads.map(MarkdownText.escaped)), rule]
        + search.front.map { MarkdownText.row(words.cells($0).map(MarkdownText.escaped)) },
    ]
  }

  private typealias Column = (title: String, cell: (Reading) -> String)

  /// The column of a resource, and that of its interval.
  private func amounts(_ resource: Resource, on target: String) -> [Column] {
    let amount: Column = (
      resource.title,
      { reading in reading[resource].map { Quantity.amount($0.value, resource.unit) } ?? Quantity.missing }
    )
    guard report.hasInterval(resource, on: target) else { return [amount] }
    return [amount, ("interval", { Quantity.interval($0[resource], resource.unit) })]
  }

  private func first(_ row: Ranking.Row, _ target: String) -> [String] {
    [
      MarkdownText.escaped(row.name),
      MarkdownText.escaped(Mark.of(row, on: target, in: report.ranking).map(\.sign).joined()),
      Quantity.percent(row.accuracy.mean),
    ]
  }

  private func last(_ reading: Reading) -> [String] {
    [
      reading[.energyPerDay].map { Quantity.amount($0.value, .joules) } ?? Quantity.missing,
      MarkdownText.escaped(reading.basis),
      reading.fits ? "yes" : "no" + (reading.reason.map { ": " + MarkdownText.escaped($0) } ?? ""),
    ]
  }

  private var comparisons: [String] {
    guard !report.ranking.comparisons.isEmpty else { return [] }
    let rows = report.ranking.comparisons.map { comparison in
      MarkdownText.row([
        MarkdownText.escaped(comparison.first), MarkdownText.escaped(comparison.second),
        Quantity.points(comparison.mean),
        "\(Quantity.points(comparison.low)) to \(Quantity.points(comparison.high))",
        Quantity.pValue(comparison.pValue).replacing("<", with: "&lt;"),
      ])
    }
    return [
      "## Differences", "",
      MarkdownText.row(["first", "second", "first − second, points", "95 % interval", "p (Holm)"]),
      MarkdownText.rule([false, false, true, true, true]),
    ] + rows
  }

  private func failures(_ title: String, _ failures: [Ranking.Failure]) -> [String] {
    guard !failures.isEmpty else { return [] }
    return ["## \(title)", ""]
      + failures.map {
        "- \(MarkdownText.escaped($0.name)), seed \($0.seed): \(MarkdownText.escaped($0.reason))"
      }
  }

  private var warnings: [String] {
    report.rows.flatMap { row in
      row.warnings.map { "- \(MarkdownText.escaped(row.name)): \(MarkdownText.escaped($0))" }
    }
  }

  private var words: [String] {
    Mark.all.map { "- `\($0.sign)` \(MarkdownText.escaped($0.meaning(nil)))" }
      + Glossary.entries(report.ranking.metric).map {
        "- **\($0.word)**: \(MarkdownText.escaped($0.meaning))"
      }
  }
}
