import Foundation
import Readings
import Runs

extension ReportFormat {
  /// Tables for a paper.
  static let latex = ReportFormat(
    "latex", "tables for a paper, ruled by booktabs",
    advice: { "\\usepackage{booktabs}, then \\input{\($0)/\(RankingLaTeX.file)}" },
    files: { report, _ in
      [ReportFile(path: RankingLaTeX.file, bytes: Data(RankingLaTeX(report).text.utf8))]
    })
}

/// The file `ranking.tex`: the ranking, then a table for each target.
struct RankingLaTeX {
  static let file = "ranking.tex"

  private let report: RunReport

  init(_ report: RunReport) { self.report = report }

  /// The whole file.
  var text: String {
    ([head, ranking] + report.targets.map(target)).joined(separator: "\n")
  }

  private var head: String {
    let unknown = report.rows.contains { row in
      row.name.unicodeScalars.contains { $0.value > 0x24F && LaTeXText.signs[Character($0)] == nil }
    }
    return "% Needs \\usepackage{booktabs}; wide tables fit into a page with \\resizebox or in landscape.\n"
      + (unknown
        ? "% Some names are of other scripts: XeLaTeX or LuaLaTeX set them, with a font that has them.\n"
        : "")
  }

  private var ranking: String {
    let metric = LaTeXText.escaped(report.metricName)
    let titles = [
      "name", "methods", "\(metric), \\%", "95\\,\\% interval", "$\\Delta$ teacher", "$p$", "bytes", "ratio",
      "multiply-adds",
    ]
    let rows = report.rows.map { row in
      [
        name(row), row.methods.map(LaTeXText.escaped).joined(separator: ", "),
        Quantity.percent(row.accuracy.mean)
          + (row.accuracy.sd.map { " $\\pm$ " + Quantity.percent($0) } ?? ""),
        "\(Quantity.percent(row.accuracy.low)) to \(Quantity.percent(row.accuracy.high))",
        row.againstTeacher.map { Quantity.points($0.mean) } ?? "",
        row.againstTeacher.map { Quantity.pValue($0.pValue) } ?? "", Quantity.bytes(row.size.fileBytes),
        report.sizeRatio(row).map(Quantity.ratio) ?? Quantity.missing, Quantity.count(row.multiplyAdds),
      ].enumerated().map { $0.offset < 3 ? $0.element : LaTeXText.escaped($0.element) }
    }
    return table(
      "llrrrrrrr", titles, rows,
      caption: "\(LaTeXText.escaped(report.ranking.run)): \(LaTeXText.escaped(PageWords.extent(report))).",
      label: "ranking")
  }

  private func target(_ target: String) -> String {
    let resources = report.resources(of: target)
    let titles =
      ["name", LaTeXText.escaped("\(report.metricName), %")]
      + resources.map { LaTeXText.escaped($0.title) } + ["fits"]
    let rows = report.rows.compactMap { row in
      row.targets[target].map { reading in
        [name(row), LaTeXText.escaped(Quantity.percent(row.accuracy.mean))]
          + resources.map { resource in
            LaTeXText.escaped(
              reading[resource].map { Quantity.amount($0.value, resource.unit) } ?? Quantity.missing)
          } + [reading.fits ? "yes" : "no"]
      }
    }
    return table(
      "lr" + String(repeating: "r", count: resources.count) + "l", titles, rows,
      caption: "\(LaTeXText.escaped(target)): \(LaTeXText.escaped(TargetWords(report, target).basis)).",
      label: "target-\(report.targets.firstIndex(of: target).map { $0 + 1 } ?? 0)")
  }

  /// A row's name; that of a control is emphasized.
  private func name(_ row: Ranking.Row) -> String {
    let text = LaTeXText.escaped(row.name)
    return row.role == "control" ? "\\emph{\(text)}" : text
  }

  private func table(
    _ columns: String, _ titles: [String], _ rows: [[String]], caption: String, label: String
  ) -> String {
    """
    \\begin{table}
    \\centering
    \\caption{\(caption)}
    \\label{tab:\(label)}
    \\begin{tabular}{@{}\(columns)@{}}
    \\toprule
    \(line(titles))
    \\midrule
    \(rows.map(line).joined(separator: "\n"))
    \\bottomrule
    \\end{tabular}
    \\end{table}

    """
  }

  private func line(_ cells: [String]) -> String { cells.joined(separator: " & ") + " \\\\" }
}

/// Text in LaTeX that is displayed literally.
enum LaTeXText {
  /// A text of one line with LaTeX's special characters escaped.
  static func escaped(_ text: String) -> String {
    TerminalText.printable(
      text.replacing("\r\n", with: " ").replacing("\n", with: " ").replacing("\r", with: " ")
    )
    .reduce(into: "") { set, character in set += signs[character] ?? String(character) }
    // Two hyphens would become a dash.
    .replacing("--", with: "-{}-").replacing("--", with: "-{}-")
  }

  /// The replacements of special characters, also of those at the beginning of a row, and of characters that
  /// the standard fonts lack.
  static let signs: [Character: String] = [
    "\\": "\\textbackslash{}", "&": "\\&", "%": "\\%", "$": "\\$", "#": "\\#", "_": "\\_", "{": "\\{",
    "}": "\\}", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}", "<": "\\textless{}",
    ">": "\\textgreater{}", "|": "\\textbar{}", "\"": "\\textquotedbl{}", "`": "\\textasciigrave{}",
    "'": "\\textquotesingle{}", "[": "{[}", "]": "{]}", "*": "{*}", "−": "$-$", "×": "$\\times$",
    "±": "$\\pm$", "÷": "$\\div$", "µ": "$\\mu$", "→": "$\\rightarrow$", "Δ": "$\\Delta$",
    "–": "\\textendash{}", "…": "\\dots{}", "\u{FFFD}": "?",
  ]
}
