import Foundation
import TestSupport
import Testing

@testable import Simulation

/// Invalid results of simulators or their cache, whoever wrote them.
@Suite("Results of simulations that cannot be")
struct DamagedResultTests {
  private static let sound = Simulation(
    method: "test", versions: ["1"], images: 2, overflows: [],
    flash: Simulation.Flash(weightBytes: 10, codeBytes: 20),
    ram: Simulation.RAM(valueBytes: 1, variableBytes: 2, stackBytes: 3, interruptMarginBytes: 4),
    cycles: Simulation.Cycles(least: 1, mean: 2, most: 3), instructions: nil, stepCycles: [2],
    outputs: Data([1, 2]))

  @Test("A cached result that no simulation gives is made anew", arguments: 0..<7)
  func cache(damage: Int) async throws {
    let folder = FileManager.default.temporaryDirectory.path + "/condense-cache-" + UUID().uuidString
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var bad = Self.sound
    switch damage {
    case 0: bad.cycles?.mean = 1e300
    case 1: bad.stepCycles = [-1]
    case 2: bad.flash?.codeBytes = .max
    case 3: bad.ram?.stackBytes = -1
    case 4: bad.images = -5
    case 5: bad.cycles = nil
    default: bad.overflows = [MemoryOverflow(memory: "flash", bytes: .max, stage: "linked")]
    }
    let cache = try SimulationCache(folder: folder)
    try JSONEncoder().encode(bad).write(to: URL(filePath: folder + "/key.json"))
    #expect(try await cache.value(of: "key") { _ async in Self.sound } == Self.sound)
    #expect(try await cache.value(of: "key") { _ async in bad } == Self.sound, "what was made is kept")
  }

  @Test("A report of blanks or of unknown lines is refused", arguments: [" ", "call", "call nan", "fault 3"])
  func report(line: String) {
    #expect(
      errorMessage { _ = try RunReport("call 5\n\(line)\n") }.hasPrefix("the simulator's report: a line"))
  }

  @Test("What a program says in bytes that no terminal shows is told without them")
  func words() async throws {
    let run = ToolRun(
      path: "/bin/sh", arguments: ["-c", "printf 'bad\\033[2J\\001\\377 end'; exit 3"], folder: "/tmp",
      limit: .seconds(20))
    let output = try await run.output()
    #expect("\(run.failure(output))".hasSuffix(": bad?[2J?? end"), "\(run.failure(output))")
  }
}
