import Foundation
import Reports
import Testing

@testable import ReportSupport
@testable import Runs
@testable import Serving

@Suite(
  "A run's page in a browser", .enabled(if: Browser.mayBeAsked, "chromium is missing: make deps-report"),
  .serialized)
struct LivePageTests {
  /// Loads an address of a running server in the browser.
  private func look(_ runs: String, _ path: String, width: Int = 1280) async throws -> String {
    let (ports, found) = AsyncStream<UInt16>.makeStream()
    let server = SiteServer(Site(runs: runs), host: "127.0.0.1", port: 0, token: nil)
    let task = Task { try await server.run { found.yield($0) } }
    defer { task.cancel() }
    var iterator = ports.makeAsyncIterator()
    let port = try #require(await iterator.next())
    return try Browser.elements(at: "http://127.0.0.1:\(port)\(path)", width: width)
  }

  @Test("Rows and progress are drawn from what the run says")
  func draws() async throws {
    let directory = try RunDirectory()
    let report = SyntheticRun().report
    try directory.record(report, waiting: ["later"])
    let partial = "trials/.partial-now-s0-0123456789ab/metrics.jsonl"
    try directory.write(try RunDirectory.log(report.curves[0].epochs), to: partial)
    let name = URL(filePath: directory.path).lastPathComponent
    for width in [390, 1280] {
      let page = try await look(directory.path, "/run/\(name)", width: width)
      let body = try #require(
        page.components(separatedBy: "<tbody>").last?.components(separatedBy: "</tbody>").first)
      #expect(body.components(separatedBy: "<tr>").count - 1 == report.trials.count + 2)
      for state in ["running", "waiting"] {
        #expect(body.contains("<span class=\"\(state)\" title=\"\">\(state)</span>"))
      }
      #expect(page.contains("<dd>\(report.trials.count) of \(report.trials.count + 2)</dd>"))
      let best = try #require(report.trials.filter { $0.role == .student }.map(\.accuracy.value).max())
      #expect(page.contains(String(format: ", %.2f %%</dd>", best * 100)))
    }
  }

  @Test("Hostile names do nothing, here and in two runs compared")
  func hostile() async throws {
    let directory = try RunDirectory()
    let run = SyntheticRun.recordable
    #expect(run.students.contains { $0.name.contains("<img") })
    let one = try RunDirectory()
    try one.record(run.report)
    for name in ["<img src=x onerror=\"document.title='owned'\">", "b"] {
      try FileManager.default.copyItem(atPath: one.path, toPath: directory.path + "/" + name)
    }
    let name = SitePages.address("<img src=x onerror=\"document.title='owned'\">")
    for path in ["/", "/run/\(name)", "/run/\(name)/report", "/compare?a=\(name)&b=b"] {
      let page = try await look(directory.path, path)
      #expect(!page.contains("<title>owned") && !page.contains("<img src=\"x\""), "\(path)")
      #expect(page.contains("&lt;img src=x onerror="), "\(path)")
    }
  }

  @Test("The page of 500 trials, its report and its comparison stay below 2 MB")
  func large() async throws {
    var run = SyntheticRun()
    let shapes = run.students.filter { $0.role == .student }
    run.students = (0..<166).map { number in
      var student = shapes[number % shapes.count]
      student.name += "-\(number)"
      student.accuracyLoss += 0.0001 * Double(number)
      return student
    }
    var report = run.report
    report.ranking.studentPairs = Array(report.ranking.comparisons.dropFirst(300))
    report.ranking.comparisons = Array(report.ranking.comparisons.prefix(300))
    #expect(report.trials.count == 501)
    let directory = try RunDirectory()
    try directory.record(report)
    let site = Site(runs: directory.path, charts: ChartLibrary.find())
    let name = try #require(await site.names.first)
    for path in [["run", name], ["run", name, "report"], ["compare"]] {
      guard
        case .content(let data, _, _) = await site.answer(
          to: SiteRequest(path: path, query: ["a": name, "b": name]))
      else {
        Issue.record("\(path): no page")
        continue
      }
      #expect(data.count < 2_000_000, "\(path)")
      let omits = String(decoding: data, as: UTF8.self).contains("this page leaves out")
      #expect(omits == (path.last == "report"))
    }
    let page = try await look(directory.path, "/run/\(name)")
    let body = try #require(
      page.components(separatedBy: "<tbody>").last?.components(separatedBy: "</tbody>").first)
    #expect(body.components(separatedBy: "<tr>").count - 1 == 501)
  }
}
