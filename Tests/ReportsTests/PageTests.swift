import Foundation
import Metrics
import Testing

@testable import ReportSupport
@testable import Reports
@testable import Runs

@Suite("report.html as text")
struct PageTests {
  static let runs = [SyntheticRun(), SyntheticRun.hostile]

  /// The JSON that a page contains for its scripts.
  static func data(of html: String) throws -> [String: Any] {
    let opening = "<script type=\"application/json\" id=\"report-data\">"
    let start = try #require(html.range(of: opening)).upperBound
    let end = try #require(html.range(of: "</script>", range: start..<html.endIndex)).lowerBound
    let json = try JSONSerialization.jsonObject(with: Data(html[start..<end].utf8))
    return try #require(json as? [String: Any])
  }

  @Test("The data reads back to every name, and to every trial", arguments: 0..<2)
  func data(run: Int) throws {
    let report = Self.runs[run].report
    let data = try Self.data(of: ReportPage(report, charts: nil).html)
    let ranking = try #require(data["ranking"] as? [String: Any])
    let read = try JSONDecoder().decode(Ranking.self, from: JSONSerialization.data(withJSONObject: ranking))
    #expect(read == report.ranking)
    let trials = try #require(data["trials"] as? [[String: Any]])
    #expect(trials.map { $0["name"] as? String } == report.trials.map(\.name))
    #expect(trials.allSatisfy { $0["correct"] == nil })
    let curves = try #require(data["curves"] as? [[String: Any]])
    #expect(curves.count == report.curves.count)
  }

  @Test("The confusion matrix is kept where there are images")
  func confusion() throws {
    let report = SyntheticRun().report
    let details = try #require(report.trials[0].accuracy.details as? ClassificationDetails)
    let (shown, matrix) = (ClassificationPage(details).confusion, details.confusion)
    #expect(shown.allSatisfy { matrix[$0[0]][$0[1]] == $0[2] })
    #expect(shown.reduce(0) { $0 + $1[2] } == matrix.joined().reduce(0, +))
    #expect(PageData(report).trials[0].accuracy.details?.base is ClassificationPage)
  }

  @Test("A detector's report has its metric's name everywhere, and what its task shows")
  func detector() throws {
    var report = SyntheticRun().report
    var one = AveragePrecision.Class(thresholds: 1)
    (one.images, one.verdicts, one.boxImages, one.boxCounts) = (
      [0, 1], [[.right, .wrong]], [0, 1], [1, 1]
    )
    let judged = AveragePrecision(images: 2, classes: [one], by: .voc2010)
    for trial in report.trials.indices { report.trials[trial].accuracy.details = DetectionDetails(judged) }
    for row in report.ranking.students.indices {
      report.ranking.students[row].accuracy.metric = AveragePrecision.kind
    }
    #expect(DetectionPage(DetectionDetails(judged)).curves == [[[0.5, 1]]])
    #expect(DetectionPage(DetectionDetails(judged)).boxes == [2])
    let html = try ReportPage(report, charts: nil).html
    #expect(html.contains("Mean-average-precision, %") && !html.contains("Top-1"))
    #expect(html.contains("\"rule\":\"voc2010\"") && html.contains("\"task\":\"detection\""))
    #expect(RankingCSV(report).text.contains("mapMean,mapSd"))
    #expect(RankingMarkdown(report).text.contains("| mean-average-precision, % |"))
    #expect(report.picture.contains("mean-average-precision, %"))
  }

  @Test("The table stands without scripts, with a row a student")
  func staticTable() throws {
    let report = SyntheticRun().report
    let html = try ReportPage(report, charts: nil).html
    for row in report.rows {
      #expect(html.contains("<b>\(row.name)</b>"))
    }
    #expect(html.components(separatedBy: "<tr data-role=").count - 1 == report.rows.count)
    #expect(html.contains("<p class=\"lead\">\(report.ranking.summary.replacing("'", with: "&#39;"))</p>"))
    for failure in report.ranking.failed + report.ranking.notRun {
      #expect(html.contains("<strong>\(failure.name)</strong>, seed \(failure.seed): \(failure.reason)"))
    }
  }

  @Test("Hostile names make no element and no attribute")
  func hostileNames() throws {
    let html = try ReportPage(SyntheticRun.hostile.report, charts: nil).html
    #expect(html.components(separatedBy: "<script").count - 1 == 3)
    #expect(html.components(separatedBy: "</script").count - 1 == 3)
    #expect(!html.contains("<img src=x"))
    #expect(!html.contains("<!--"))
    #expect(!html.contains("\u{202E}"))
    #expect(!html.contains("\u{2028}"))
  }

  @Test("Nothing is loaded from elsewhere")
  func offline() throws {
    let html = try ReportPage(SyntheticRun().report, charts: nil).html
    #expect(html.contains("default-src 'none'"))
    for loading in ["src=\"", "<link", "@import", "url(", "fetch(", "XMLHttpRequest"] {
      #expect(!html.contains(loading), "\(loading)")
    }
  }

  @Test("Where Chart.js is missing the page is made and says so; one that could end its element cannot")
  func chartLibrary() throws {
    #expect(ChartLibrary.find(in: ["/nowhere/chart.js"]) == nil)
    let report = SyntheticRun().report
    #expect(try ReportPage(report, charts: nil).html.contains("Chart.js was missing"))
    let directory = try RunDirectory()
    try directory.write(Data("var a = '</SCRIPT><!--'".utf8), to: "chart.js")
    let library = try #require(ChartLibrary.find(in: ["/nowhere", directory.path + "/chart.js"]))
    let html = try ReportPage(report, charts: library).html
    #expect(html.contains("var a = '<\\/script><\\!--'"))
  }
}
