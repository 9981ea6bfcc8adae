import Foundation
import Testing

@testable import ReportSupport
@testable import Reports

@Suite("ranking.tex")
struct LaTeXTests {
  /// The cells of a table line as LaTeX reads them; `nil` if a special character is active that should not
  /// be.
  private static func cells(of line: String) -> [String]? {
    var cells = [""]
    var rest = Substring(line)
    var depth = 0
    var isMath = false
    while let character = rest.popFirst() {
      switch character {
      case "\\":
        guard let next = rest.popFirst() else { return nil }
        if next == "\\" { return rest.isEmpty && depth == 0 && !isMath ? cells : nil }
        if next.isLetter {
          let name = String(next) + rest.prefix(while: \.isLetter)
          rest = rest.drop(while: \.isLetter)
          // A command must not absorb the next letter or the space behind it.
          guard rest.hasPrefix("{}") || isMath || name == "emph" || name == "pm" else { return nil }
          if rest.hasPrefix("{}") { rest = rest.dropFirst(2) }
          cells[cells.count - 1] += "<\(name)>"
        } else {
          guard "&%$#_{},".contains(next) else { return nil }
          cells[cells.count - 1].append(next)
        }
      case "&":
        guard depth == 0, !isMath else { return nil }
        cells.append("")
      case "{": depth += 1
      case "}": depth -= 1
      case "$": isMath.toggle()
      case "#", "%", "^", "~", "_", "\"": return nil
      case "[", "*":
        // Directly after the end of a row, a bracket or star would be read as its option.
        guard depth > 0 else { return nil }
        cells[cells.count - 1].append(character)
      default: cells[cells.count - 1].append(character)
      }
    }
    return nil
  }

  @Test("Every row has the cells of its head, and no sign of a name acts", arguments: 0..<2)
  func tables(run: Int) throws {
    let report = TableFileTests.runs[run].report
    let text = RankingLaTeX(report).text
    let tables = text.components(separatedBy: "\\toprule\n").dropFirst().map {
      $0.components(separatedBy: "\\bottomrule")[0].replacing("\\midrule\n", with: "")
        .split(separator: "\n").map(String.init)
    }
    #expect(tables.count == 1 + report.targets.count)
    #expect(tables.first?.count == report.rows.count + 1)
    for table in tables {
      let counts = table.map { Self.cells(of: $0)?.count }
      #expect(
        counts.allSatisfy { $0 != nil && $0 == counts[0] },
        "\(zip(counts, table).first { $0.0 != counts[0] } as Any)")
    }
    #expect(text.components(separatedBy: "\\begin{").count == text.components(separatedBy: "\\end{").count)
    #expect(text.contains("XeLaTeX") == (run == 1))
  }

  @Test("Signs that act are written so that they show")
  func signs() {
    #expect(
      LaTeXText.escaped("a_b & 100 % {#} $x^2~\\")
        == "a\\_b \\& 100 \\% \\{\\#\\} \\$x\\textasciicircum{}2\\textasciitilde{}\\textbackslash{}")
    #expect(LaTeXText.escaped("a--b---c\n[x]*") == "a-{}-b-{}-{}-c {[}x{]}{*}")
    #expect(LaTeXText.escaped("−0.42 < 1.5× \u{1B}[31m") == "$-$0.42 \\textless{} 1.5$\\times$ ?{[}31m")
  }
}
