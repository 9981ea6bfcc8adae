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

  @Test(
    "A detector's page draws a curve a class, and boxes on pictures of what is there and of what was found"
  )
  func detector() throws {
    let report = SyntheticRun.detectorReport
    let page = try ReportPage(report, charts: library()).html
    let probe = try PageProbe.look(at: page)
    #expect(probe.problems == [] && probe.overflow == 0)
    let phone = try PageProbe.look(at: page, width: 400)
    #expect(phone.problems == [] && phone.overflow == 0)
    let directory = try RunDirectory()
    try directory.write(Data(page.utf8), to: "page.html")
    let elements = try Browser.elements(of: directory.path + "/page.html")
    func count(_ text: String) -> Int { elements.components(separatedBy: text).count - 1 }
    let best = try #require(report.ranking.students.first { $0.role == "student" })
    let trial = try #require(report.trials.first { $0.name == best.name })
    let pictures = try #require(trial.pictures)
    #expect(count("<image href=\"data:image/png;base64,") == 2 * pictures.count)
    let boxes = pictures.reduce(0) { $0 + $1.truth.count + $1.found.count }
    #expect(boxes > 10)
    #expect(count("<rect x=") == boxes)
    #expect(count("aria-label=\"Precision by recall of ") == trial.classes.count)
    #expect(elements.contains(">What it finds<") && !elements.contains(">Some of its mistakes<"))
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
