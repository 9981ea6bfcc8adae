import Foundation
import Readings
import Testing

@testable import ReportSupport
@testable import Reports
@testable import Runs

/// A resource that no file of a report names, which appears in all of them by its own description.
@Suite("A resource that nobody knows, in reports")
struct ResourceReportTests {
  private static let lut = Resource("lut", title: "LUTs", .count)
  private static let clock = Resource(
    "fmax", title: "highest clock", Resource.Unit(rawValue: "MHz"), better: .higher)

  private static let report: RunReport = {
    var report = SyntheticRun().report
    for index in report.ranking.students.indices {
      report.ranking.students[index].targets["uno"]?[lut] = Figure(Double(1000 + 37 * index))
      report.ranking.students[index].targets["uno"]?[clock] = Figure(50, low: 48.25, high: 51.5)
      report.ranking.students[index].targets["uno"]?.fits = true
    }
    report.ranking = report.ranking.deciding(margin: 0.5)
    return report
  }()

  @Test("stands in the CSV with its interval, and only with the targets that tell of it")
  func csv() throws {
    let lines = ParsedCSV(RankingCSV(Self.report).text).lines
    let head = try #require(lines.first)
    for name in ["uno.lut", "uno.lutLow", "uno.fmaxMHz", "uno.fmaxMHzHigh"] { #expect(head.contains(name)) }
    #expect(!head.contains("cortex-m4.lut"))
    let column = try #require(head.firstIndex(of: "uno.lut"))
    #expect(lines.dropFirst().map { $0[column] } == [""] + (0..<12).map { "\(1000 + 37 * $0)" })
    let high = try #require(head.firstIndex(of: "uno.fmaxMHzHigh"))
    #expect(lines[1][high].isEmpty && lines[2][high] == "51.5")
  }

  @Test("stands in Markdown, the terminal, the page and its pictures")
  func others() throws {
    let markdown = RankingMarkdown(Self.report).text
    #expect(markdown.contains("| highest clock | interval | LUTs | a day |"))
    #expect(markdown.contains("48.2 MHz to 51.5 MHz") || markdown.contains("48.3 MHz to 51.5 MHz"))
    #expect(markdown.lowercased().contains("least luts"))
    let terminal = TerminalReport(Self.report).lines(width: 300).joined(separator: "\n")
    #expect(terminal.contains("LUTs") && terminal.contains("1.04k") && terminal.contains("50MHz"))
    let page = try ReportPage(Self.report, charts: nil).html
    #expect(page.contains(">LUTs</th>") && page.contains(">Highest clock</th>"))
    #expect(page.contains(">Highest clock from to</th>"))
    // A resource of which less is better is drawn; one of which more is better is not.
    #expect(
      PictureMeasure.onTarget(Self.report.resources(of: "uno")).map(\.id)
        == ["flash", "latency", "energy", "lut"])
    #expect(
      PictureMeasure.onTarget(Self.report.resources(of: "cortex-m4")).map(\.id)
        == ["flash", "latency", "energy"])
  }

  @Test("hostile amounts in a ranking that was read are shown, not trapped on")
  func hostile() throws {
    var report = Self.report
    for value in [1e300, -1e300, Double(Int.max)] {
      report.ranking.students[0].targets["uno"]?[Self.lut] = Figure(value)
      report.ranking.students[0].targets["uno"]?[.flash] = Figure(value)
      report.ranking.students[0].targets["uno"]?[.cycles] = Figure(
        value, low: value, high: .greatestFiniteMagnitude)
      report.ranking = report.ranking.deciding(margin: 1)
      #expect(!RankingCSV(report).text.isEmpty && !RankingMarkdown(report).text.isEmpty)
      #expect(!TerminalReport(report).lines(width: 200).isEmpty)
      #expect(try !ReportPage(report, charts: nil).html.isEmpty)
    }
  }
}
