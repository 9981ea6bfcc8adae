import Foundation
import Reports
import Settings
import TestSupport
import Testing

@testable import ReportSupport
@testable import Runs
@testable import Serving

@Suite("Pages about runs")
struct SiteTests {
  private func folder(_ run: SyntheticRun = SyntheticRun(), named name: String = "first") throws
    -> RunDirectory
  {
    let directory = try RunDirectory()
    try record(run, named: name, in: directory)
    return directory
  }

  /// Writes a run into a folder of runs.
  private func record(_ run: SyntheticRun, named name: String, in directory: RunDirectory) throws {
    let one = try RunDirectory()
    try one.record(run.report)
    try FileManager.default.copyItem(atPath: one.path, toPath: directory.path + "/" + name)
  }

  private func text(_ site: Site, _ path: [String], _ query: [String: String] = [:]) async throws -> String {
    guard case .content(let data, _, _) = await site.answer(to: SiteRequest(path: path, query: query)) else {
      throw Missing(path: path)
    }
    return String(decoding: data, as: UTF8.self)
  }

  private struct Missing: Error { let path: [String] }

  private func isMissing(_ site: Site, _ path: [String]) async -> Bool {
    if case .missing = await site.answer(to: SiteRequest(path: path)) { true } else { false }
  }

  @Test("The list has every run and nothing else; a run's directory itself is served alone")
  func list() async throws {
    let directory = try folder()
    try record(SyntheticRun(), named: "second & last", in: directory)
    try directory.write(Data(), to: "notes/readme.txt")
    try directory.write(Data(), to: ".hidden/trials/x")
    let site = Site(runs: directory.path)
    #expect(await site.names == ["first", "second & last"])
    let page = try await text(site, [])
    #expect(page.contains("<a href=\"/run/first\">first</a>"))
    #expect(page.contains("<a href=\"/run/second%20%26%20last\">second &amp; last</a>"))
    #expect(!page.contains("notes"))
    let alone = Site(runs: directory.path + "/first")
    #expect(await alone.names == ["first"])
    #expect(try await text(alone, ["run", "first", "state"]) == text(site, ["run", "first", "state"]))
    #expect(await isMissing(alone, ["run", "second & last"]))
  }

  @Test("A run shows what is done, what runs, what waits, and curves while they grow")
  func live() async throws {
    let directory = try RunDirectory()
    let report = SyntheticRun().report
    try directory.record(report, waiting: ["later", "now"])
    let digits = SyntheticRun.address("now", 0).prefix(12)
    let partial = ".partial-now-s0-\(digits)"
    let epochs = report.curves[0].epochs
    try directory.write(try RunDirectory.log(Array(epochs.prefix(3))), to: "trials/\(partial)/metrics.jsonl")
    let site = Site(runs: directory.path)
    let name = try #require(await site.names.first)
    func trial(_ wanted: String) async throws -> WatchedTrial {
      let state = try #require(await site.state(name))
      return try #require(state.trials.first { $0.name == wanted })
    }
    var running = try await trial("now")
    #expect(running.state == .running && running.epochs == 3 && running.id == partial && running.model == nil)
    #expect(running.validation == epochs[2].validation && running.stage == epochs[2].stage)
    #expect(try await trial("later").state == .waiting)
    let done = try await trial("int8")
    let result = try #require(report.trials.first { $0.name == "int8" && $0.seed == 0 })
    #expect(done.state == .finished && done.value == result.accuracy.value)
    #expect(done.fileBytes == result.size.fileBytes && done.multiplyAdds == result.multiplyAdds)
    #expect(done.model == "int8-s0-\(result.address.prefix(12)).condensed")
    let state = try #require(await site.state(name))
    #expect(state.metric == "top-1" && state.count(.finished) == report.trials.count)
    let curve = try SettingsNode(json: await text(site, ["run", name, "curve", partial]), source: "curve")
      .list("curve")
    #expect(
      try curve.map { try $0.required("loss", of: "a point").number("loss") } == epochs.prefix(3).map(\.loss))

    // The trial continues; half a line from a killed process is no epoch.
    let longer = try RunDirectory.log(Array(epochs.prefix(5))) + Data("{\"epoch\":6,\"lo".utf8)
    try directory.write(longer, to: "trials/\(partial)/metrics.jsonl")
    try await Task.sleep(for: .milliseconds(600))
    running = try await trial("now")
    #expect(running.epochs == 5)
    let change = RunChange(from: state, to: try #require(await site.state(name)))
    #expect(change.trials == [running] && change.gone.isEmpty)
    // No process works at the trial any more.
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSinceNow: -1_000)],
      ofItemAtPath: directory.path + "/trials/\(partial)/metrics.jsonl")
    try await Task.sleep(for: .milliseconds(600))
    #expect(try await trial("now").state == .stopped)
    // A process holds the trial.
    let handle = try FileHandle(forReadingFrom: URL(filePath: directory.path + "/trials/" + partial))
    #expect(flock(handle.fileDescriptor, LOCK_EX) == 0)
    try await Task.sleep(for: .milliseconds(600))
    #expect(try await trial("now").state == .running)
  }

  @Test("Rankings, the report and two runs compared are those of the reports")
  func rankings() async throws {
    let directory = try folder()
    var other = SyntheticRun()
    other.students.removeLast()
    other.students[0].accuracyLoss += 0.01
    try record(other, named: "second", in: directory)
    let site = Site(runs: directory.path)
    let json = try await text(site, ["run", "first", "file", "ranking.json"])
    #expect(try JSONDecoder().decode(Ranking.self, from: Data(json.utf8)) == SyntheticRun().report.ranking)
    #expect(try await text(site, ["run", "first", "file", "ranking.csv"]).hasPrefix("name,role"))
    let report = try await text(site, ["run", "first", "report"])
    #expect(report.contains("<h1>cifar-small</h1>") && report.contains("channels-half-int8"))
    let page = try await text(site, ["compare"], ["a": "first", "b": "second"])
    let rows = page.components(separatedBy: "<tr>").filter { $0.contains("channels-half-int8") }
    let first = try #require(SyntheticRun().report.rows.first { $0.name == "channels-half-int8" })
    let second = try #require(other.report.rows.first { $0.name == "channels-half-int8" })
    #expect(rows.count == 1)
    let cells = rows[0].matches(of: /<td[^>]*>([^<]*)<\/td>/).map { String($0.1) }
    #expect(cells[1] == String(format: "%.2f", first.accuracy.mean * 100))
    #expect(cells[2] == String(format: "%.2f", second.accuracy.mean * 100))
    let points = (second.accuracy.mean - first.accuracy.mean) * 100
    #expect(cells[3] == (points < 0 ? "−" : "+") + String(format: "%.2f", abs(points)))
    let gone = page.components(separatedBy: "<tr>").first { $0.contains("random-channels-half") }
    #expect(gone?.contains("–") == true)
    if case .missing = await site.answer(
      to: SiteRequest(path: ["compare"], query: ["a": "first", "b": "../x"]))
    {
    } else {
      Issue.record("a run that is not there was compared")
    }
  }

  @Test(
    "No name leads out of the folder: not with points, slashes, zeros or encodings of them, nor by a link")
  func traversal() async throws {
    let directory = try folder()
    let secret = try RunDirectory()
    try secret.record(SyntheticRun().report)
    try secret.write(Data("SECRET".utf8), to: "student.condensed")
    try secret.write(Data("{\"epoch\":1,\"loss\":0.5}\n".utf8), to: "metrics.jsonl")
    func link(_ name: String, to place: String) throws {
      let path = directory.path + "/" + name
      try? FileManager.default.removeItem(atPath: path)
      try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: place)
    }
    try link("linked", to: secret.path)
    try link("first/trials/linked-s0-0123456789ab", to: secret.path)
    let site = Site(runs: directory.path)
    #expect(await site.names == ["first"])
    let outside = "../" + URL(filePath: secret.path).lastPathComponent
    for name in [
      "..", ".", "", "linked", outside, "../first", "first/../first", "/etc", "first\0", secret.path,
    ] {
      #expect(await isMissing(site, ["run", name]), "\(name)")
      for kind in ["curve", "model", "file"] {
        #expect(await isMissing(site, ["run", "first", kind, name]), "\(kind) \(name)")
      }
    }
    for kind in ["curve", "model"] {
      #expect(await isMissing(site, ["run", "first", kind, "linked-s0-0123456789ab"]))
    }
    #expect(await isMissing(site, ["assets", "../Package.swift"]))
    // A report reads many files, so a run that contains a link has no report.
    guard case .failed(let words) = await site.answer(to: SiteRequest(path: ["run", "first", "report"]))
    else {
      Issue.record("a linked trial was read for a report")
      return
    }
    #expect(words.contains("is a link, which is not followed"))
    try FileManager.default.removeItem(atPath: directory.path + "/first/trials/linked-s0-0123456789ab")
    let model = try #require(
      try FileManager.default.contentsOfDirectory(atPath: directory.path + "/first/trials").first)
    if case .download(let path, _) = await site.answer(
      to: SiteRequest(path: ["run", "first", "model", model]))
    {
      #expect(path == ClosedFolder(directory.path).path + "/first/trials/\(model)/student.condensed")
    } else {
      Issue.record("a model is not given")
    }
    for file in ["student.condensed", "metrics.jsonl"] {
      try link("first/trials/\(model)/\(file)", to: secret.path + "/" + file)
    }
    #expect(await isMissing(site, ["run", "first", "model", model]))
    #expect(await isMissing(site, ["run", "first", "curve", model]))
    for file in ["recipe.yaml", "ranking.json"] {
      let fresh = try folder()
      let path = fresh.path + "/first/" + file
      try FileManager.default.removeItem(atPath: path)
      try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: secret.path + "/" + file)
      guard
        case .failed = await Site(runs: fresh.path).answer(to: SiteRequest(path: ["run", "first", "report"]))
      else {
        Issue.record("\(file): a link was followed")
        continue
      }
    }
  }

  @Test("Whatever names and files say, no markup of theirs stands in a page")
  func escaping() async throws {
    let directory = try RunDirectory()
    var run = SyntheticRun.recordable
    run.students[0].name = "<img src=x onerror=alert(1)>"
    let name = "<script>alert(1)<script>"
    try record(run, named: name, in: directory)
    try record(run, named: "\"onload=\"x", in: directory)
    let site = Site(runs: directory.path)
    for (path, query) in [
      ([], [:]), (["run", name], [:]), (["compare"], ["a": name, "b": "\"onload=\"x"]),
    ] as [([String], [String: String])] {
      let page = try await text(site, path, query)
      #expect(!page.contains("<img") && !page.contains("<script>alert"), "\(path)")
      #expect(page.contains("&lt;script&gt;alert(1)"))
      #expect(!page.contains("\"onload"))
    }
  }

  @Test("A broken run costs its own pages alone")
  func broken() async throws {
    let directory = try folder()
    try directory.write(Data("no data base".utf8), to: "broken/ledger.sqlite")
    try directory.write(Data("[".utf8), to: "broken/ranking.json")
    try directory.write(Data("{}".utf8), to: "broken/trials/odd/result.json")
    try directory.write(Data("x".utf8), to: "broken/trials/small-s0-0123456789ab/metrics.jsonl")
    let site = Site(runs: directory.path)
    #expect(try await text(site, []).contains("/run/broken"))
    #expect(try await text(site, ["run", "broken"]).contains("small"))
    guard case .failed(let words) = await site.answer(to: SiteRequest(path: ["run", "broken", "report"]))
    else {
      Issue.record("a broken run has a report")
      return
    }
    #expect(words.contains("ranking.json: it is no JSON"))
  }

  @Test("Locks are read as the kernel writes them")
  func locks() {
    let text = """
      1: FLOCK  ADVISORY  WRITE 708 08:02:9963 0 EOF
      2: POSIX  ADVISORY  READ 500 08:02:77 0 EOF
      2: -> FLOCK  ADVISORY  WRITE 709 08:02:88 0 EOF
      odd line
      """
    let held = HeldFolders(text)
    #expect(held.contains(9963) && !held.contains(77) && !held.contains(88))
  }
}
