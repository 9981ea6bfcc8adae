import Foundation
import Testing

@testable import Simulation

@Suite("Runs of programs")
struct ToolRunTests {
  private func run(_ script: String, limit: Duration = .seconds(20)) -> ToolRun {
    ToolRun(path: "/bin/sh", arguments: ["-c", script], folder: "/tmp", limit: limit)
  }

  @Test("both outputs are kept, and a failure bears the last words")
  func outputs() async throws {
    #expect(try await run("echo one; echo two >&2").successfulOutput() == "one\ntwo\n")
    await #expect(throws: SimulationError.self) { try await run("echo bad >&2; exit 3").successfulOutput() }
  }

  @Test("what takes too long is killed with all that it started")
  func limits() async throws {
    let mark = "3\(Int.random(in: 100_000...999_999))"
    let clock = ContinuousClock()
    let took = await clock.measure {
      await #expect(throws: SimulationError.timedOut(tool: "sh", seconds: 1)) {
        try await run("sleep \(mark) & sleep \(mark); wait", limit: .seconds(1)).output()
      }
    }
    #expect(took < .seconds(15))
    try await Task.sleep(for: .milliseconds(300))
    #expect(Self.processes(sleeping: mark) == 0)
  }

  /// The number of processes that sleep for the time `mark`.
  private static func processes(sleeping mark: String) -> Int {
    let numbers = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return numbers.filter { number in
      guard Int(number) != nil, let line = FileManager.default.contents(atPath: "/proc/\(number)/cmdline")
      else { return false }
      return line == Data("sleep\u{0}\(mark)\u{0}".utf8)
    }.count
  }
}
