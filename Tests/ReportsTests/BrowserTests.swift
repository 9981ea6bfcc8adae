import Foundation
import Testing

@testable import ReportSupport
@testable import Reports
@testable import Runs

@Suite(
  "report.html in a browser",
  .enabled(if: Browser.mayBeAsked, "chromium is missing: make deps-report"), .serialized)
struct BrowserTests {
  private func library() throws -> ChartLibrary {
    try #require(ChartLibrary.find(), "Chart.js is missing: \(ChartLibrary.remedy)")
  }

  @Test("Every chart is drawn, every control works, nothing goes wrong", arguments: Browser.Scheme.allCases)
  func everythingWorks(scheme: Browser.Scheme) throws {
    let report = SyntheticRun().report
    let probe = try PageProbe.look(at: ReportPage(report, charts: library()).html, scheme: scheme)
    #expect(probe.problems == [])
    #expect(probe.notes == [])
    #expect(probe.canvases.count == 2)
    for canvas in probe.canvases {
      #expect(canvas.width > 0, "\(canvas.label)")
      #expect(canvas.ink > 0.01, "\(canvas.label)")
      #expect(canvas.points >= report.rows.count, "\(canvas.label)")
    }
    #expect(probe.labelFaults == [])
    #expect(probe.labels > 10)
    #expect(!probe.sorted.isEmpty && probe.sorted.allSatisfy { $0 }, "\(probe.sorted)")
    #expect(probe.filtered == [1, 0])
    #expect(probe.rows == report.rows.map(\.name))
    #expect(probe.pictures > 0)
    #expect(probe.brokenPictures == 0)
    #expect(probe.overflow == 0)
    #expect((probe.paper == "rgb(255, 255, 255)") == (scheme == .light))
  }

  @Test("Hostile names do nothing")
  func hostile() throws {
    let report = SyntheticRun.hostile.report
    let probe = try PageProbe.look(at: ReportPage(report, charts: library()).html)
    #expect(probe.problems == [])
    #expect(!probe.title.contains("owned") || probe.title.contains("</script>"))
    #expect(probe.title != "owned")
    #expect(probe.canvases.count == 2)
    #expect(probe.overflow == 0)
  }

  @Test("On a phone the page is no wider than the window")
  func phone() throws {
    let report = SyntheticRun().report
    let probe = try PageProbe.look(at: ReportPage(report, charts: library()).html, width: 400)
    #expect(probe.problems == [])
    #expect(probe.overflow == 0)
    #expect(probe.window <= 500)
    #expect(probe.canvases.allSatisfy { $0.width > 200 && $0.width < probe.window })
  }

  @Test("Without Chart.js, targets, curves or trials the rest is there and says what is missing")
  func less() throws {
    let bare = RunReport(ranking: SyntheticRun().report.ranking)
    let probe = try PageProbe.look(at: ReportPage(bare, charts: nil).html)
    #expect(probe.problems == [])
    #expect(probe.canvases.isEmpty)
    #expect(probe.notes == [])
    let uncharted = try PageProbe.look(at: ReportPage(SyntheticRun().report, charts: nil).html)
    #expect(uncharted.problems == [] && uncharted.canvases.isEmpty)
    #expect(uncharted.notes.count == 1 && uncharted.notes[0].contains("Chart.js was missing"))
    #expect(probe.filtered == [1, 0])

    var run = SyntheticRun()
    run.hasTargets = false
    run.seeds = [7]
    let plain = try PageProbe.look(at: ReportPage(run.report, charts: library()).html)
    #expect(plain.problems == [])
    #expect(plain.canvases.count == 2)
  }
}
