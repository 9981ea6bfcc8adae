import Foundation
import Reports
import Settings
import Synchronization
import TestSupport
import Testing

@testable import ReportSupport
@testable import Runs
@testable import Serving

@Suite("The server of pages", .serialized)
struct SiteServerTests {
  /// The answer that curl received.
  private struct Answer {
    let status: Int
    let headers: [String: String]
    let body: Data
    var text: String { String(decoding: body, as: UTF8.self) }
  }

  /// A server on a free port, which ends with the test.
  private final class Running: Sendable {
    let port: UInt16
    private let task: Task<Void, any Error>

    init(_ runs: String, token: String? = nil) async throws {
      let (ports, found) = AsyncStream<UInt16>.makeStream()
      let server = SiteServer(Site(runs: runs), host: "127.0.0.1", port: 0, token: token)
      task = Task {
        defer { found.finish() }
        try await server.run { found.yield($0) }
      }
      var iterator = ports.makeAsyncIterator()
      port = try #require(await iterator.next(), "the server did not begin")
    }

    /// Stops the server and waits for its end.
    func stop() async throws {
      task.cancel()
      try await task.value
    }

    deinit { task.cancel() }

    func get(_ target: String, _ arguments: String...) throws -> Answer {
      let process = Process()
      let output = Pipe()
      process.executableURL = URL(filePath: "/usr/bin/curl")
      process.arguments =
        ["-s", "-i", "--path-as-is", "--globoff", "--max-time", "20"] + arguments + [
          "http://127.0.0.1:\(port)\(target)"
        ]
      process.standardOutput = output
      process.standardError = FileHandle.nullDevice
      try process.run()
      let data = output.fileHandleForReading.readDataToEndOfFile()
      process.waitUntilExit()
      let end = try #require(data.range(of: Data("\r\n\r\n".utf8)), "\(target): no answer")
      let lines = String(decoding: data[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
      let status = try #require(lines[0].split(separator: " ").dropFirst().first.flatMap { Int($0) })
      let headers = lines.dropFirst().map { line -> (String, String) in
        let parts = line.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
        return (parts[0].lowercased(), parts.count > 1 ? parts[1] : "")
      }
      return Answer(
        status: status, headers: Dictionary(headers, uniquingKeysWith: { first, _ in first }),
        body: data[end.upperBound...])
    }
  }

  private func recorded() throws -> (directory: RunDirectory, name: String, report: RunReport) {
    let directory = try RunDirectory()
    let report = SyntheticRun().report
    try directory.record(report)
    return (directory, URL(filePath: directory.path).lastPathComponent, report)
  }

  @Test("Pages, data, models and reports have their types, and headers that let a browser load nothing else")
  func routes() async throws {
    let (directory, name, report) = try recorded()
    let server = try await Running(directory.path)
    let trial = try #require(report.trials.first { $0.name == "int8" })
    let id = "int8-s\(trial.seed)-\(trial.address.prefix(12))"
    for (path, type) in [
      ("/", "text/html; charset=utf-8"), ("/run/\(name)", "text/html; charset=utf-8"),
      ("/run/\(name)/state", "application/json"), ("/run/\(name)/curve/\(id)", "application/json"),
      ("/run/\(name)/report", "text/html; charset=utf-8"),
      ("/run/\(name)/file/ranking.csv", "text/plain; charset=utf-8"),
      ("/run/\(name)/model/\(id)", "application/octet-stream"),
      ("/compare?a=\(name)&b=\(name)", "text/html; charset=utf-8"),
      ("/assets/live.js", "text/javascript; charset=utf-8"), ("/assets/style.css", "text/css; charset=utf-8"),
    ] {
      let answer = try server.get(path)
      #expect(answer.status == 200 && answer.headers["content-type"] == type, "\(path): \(answer.status)")
      let policy = answer.headers["content-security-policy"] ?? ""
      #expect(policy.hasPrefix("default-src 'none'") && policy.contains("frame-ancestors 'none'"))
      #expect(
        policy.contains("unsafe") == path.hasSuffix("/report")
          && policy.contains("sandbox") == path.hasSuffix("/report"))
      #expect(
        answer.headers["x-content-type-options"] == "nosniff" && answer.headers["cache-control"] == "no-store"
      )
      let head = try server.get(path, "--head")
      #expect(head.status == 200 && head.body.isEmpty)
      #expect(head.headers["content-length"] == "\(answer.body.count)", "\(path)")
    }
    let model = try server.get("/run/\(name)/model/\(id)")
    #expect(model.text == "model of int8")
    #expect(model.headers["content-disposition"] == "attachment; filename=\"\(id).condensed\"")
    let state = try SettingsNode(json: server.get("/run/\(name)/state").text, source: "state")
    #expect(try state["trials"]?.list("trials").count == report.trials.count)
    try await server.stop()
  }

  @Test("Nothing but reading is done, and no path leads out")
  func reading() async throws {
    let (directory, name, _) = try recorded()
    let server = try await Running(directory.path)
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
      let answer = try server.get("/", "-X", method, "-d", "x")
      #expect(answer.status == 405 && answer.headers["allow"] == "GET, HEAD", "\(method)")
    }
    for path in [
      "/../etc/passwd", "/run/../../etc/passwd", "/run/%2e%2e", "/run/%2e%2e%2fetc", "/run/\(name)/model/..",
      "/run/\(name)/model/%2e%2e%2f%2e%2e%2fetc%2fpasswd", "/run/\(name)/file/..%2fledger.sqlite",
      "/run/\(name)/file/ledger.sqlite", "/run/\(name)/curve/%00", "/run/\(name)/model/%ff", "/run/etc",
      "/assets/..%2f..%2fPackage.swift", "/run", "/nothing", "/run/\(name)/nothing", "//etc/passwd",
    ] {
      let answer = try server.get(path)
      #expect(answer.status == 404, "\(path): \(answer.status)")
      #expect(!answer.text.contains("root:"))
    }
    try await server.stop()
  }

  @Test("Without a token only this machine's names lead here; with one, nothing is given without it")
  func token() async throws {
    let (directory, name, _) = try recorded()
    let open = try await Running(directory.path)
    for host in ["localhost", "127.0.0.1:\(open.port)", "[::1]:80", "LOCALHOST:1"] {
      #expect(try open.get("/", "-H", "Host: \(host)").status == 200, "\(host)")
    }
    for host in [
      "evil.example", "evil.example:\(open.port)", "localhost.evil.example", "127.0.0.1.evil.example", "",
    ] {
      #expect(try open.get("/", "-H", "Host: \(host)").status == 421, "\(host)")
    }
    try await open.stop()
    let closed = try await Running(directory.path, token: "s3cret-token")
    for path in [
      "/", "/run/\(name)", "/run/\(name)/state", "/run/\(name)/events", "/assets/live.js", "/nothing",
    ] {
      for given in [
        [], ["-H", "Authorization: Bearer s3cret-tokem"], ["-H", "Cookie: token=s3cret"],
        ["-H", "Authorization: s3cret-token"],
      ] {
        let answer = try closed.get(path, given.first ?? "-s", given.last ?? "-s")
        #expect(answer.status == 401 && !answer.text.contains(name), "\(path) \(given)")
      }
      #expect(try closed.get(path + "?token=wrong-token").status == 401)
    }
    #expect(try closed.get("/", "-H", "Authorization: Bearer s3cret-token").status == 200)
    #expect(
      try closed.get("/", "-H", "Cookie: other=1; token=s3cret-token", "-H", "Host: any.example").status
        == 200)
    let entered = try closed.get("/run/\(name)?token=s3cret-token")
    #expect(entered.status == 303 && entered.headers["location"] == "/run/\(name)")
    #expect(entered.headers["set-cookie"] == "token=s3cret-token; Path=/; HttpOnly; SameSite=Strict")
    #expect(try closed.get("//evil.example/?token=s3cret-token").headers["location"] == "/evil.example/")
    try await closed.stop()
  }

  @Test("Events bring the whole run first, then what changes; the server ends while they are read")
  func events() async throws {
    let (directory, name, report) = try recorded()
    let server = try await Running(directory.path)
    let file = directory.path + "/events.txt"
    _ = FileManager.default.createFile(atPath: file, contents: nil)
    let curl = Process()
    curl.executableURL = URL(filePath: "/usr/bin/curl")
    curl.arguments = ["-s", "-N", "--max-time", "60", "http://127.0.0.1:\(server.port)/run/\(name)/events"]
    curl.standardOutput = try FileHandle(forWritingTo: URL(filePath: file))
    curl.standardError = FileHandle.nullDevice
    try curl.run()
    func events(_ count: Int) async throws -> [SettingsNode] {
      for _ in 0..<200 {
        let text = try String(contentsOfFile: file, encoding: .utf8)
        let blocks = text.components(separatedBy: "\n\n").dropLast().filter {
          $0.hasPrefix("event: run\ndata: ")
        }
        if blocks.count >= count {
          return try blocks.map { try SettingsNode(json: String($0.dropFirst(17)), source: "event") }
        }
        try await Task.sleep(for: .milliseconds(50))
      }
      return []
    }
    let first = try #require(try await events(1).first)
    #expect(try first["trials"]?.list("trials").count == report.trials.count)
    let partial = "trials/.partial-fresh\n\nevent: x-s0-0123456789ab"
    for count in [1, 2] {
      try directory.write(
        try RunDirectory.log(Array(report.curves[0].epochs.prefix(count))), to: partial + "/metrics.jsonl")
      let event = try #require(try await events(1 + count).dropFirst(count).first)
      let trials = try #require(event["trials"]).list("trials")
      #expect(trials.count == 1 && trials.first?["epochs"] == count.node)
      #expect(trials.first?["name"] == "fresh\n\nevent: x".node)
    }
    try FileManager.default.removeItem(atPath: directory.path + "/" + partial)
    let last = try #require(try await events(4).last)
    #expect(try last["gone"]?.list("gone").count == 1 && last["trials"]?.list("trials").isEmpty == true)
    let began = ContinuousClock.now
    try await server.stop()
    #expect(.now - began < .seconds(5))
    curl.waitUntilExit()
  }

  @Test("An address that cannot be listened on is told")
  func address() async throws {
    let (directory, _, _) = try recorded()
    let server = try await Running(directory.path)
    for (host, port, words) in [
      ("127.0.0.1", server.port, "cannot be listened on"), ("example.com", 0, "no address of this machine"),
    ] {
      await #expect {
        try await SiteServer(Site(runs: directory.path), host: host, port: port, token: nil).run { _ in }
      } throws: {
        "\($0)".contains(words)
      }
    }
    for (host, isLoopback) in [
      ("127.0.0.1", true), ("127.1.2.3", true), ("::1", true), ("localhost", true), ("0.0.0.0", false),
      ("::", false),
      ("127.0.0.1.example", false), ("10.0.0.1", false),
    ] { #expect(SiteServer.isLoopback(host) == isLoopback, "\(host)") }
    try await server.stop()
  }
}
