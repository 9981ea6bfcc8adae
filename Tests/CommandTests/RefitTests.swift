import Foundation
import Settings
import Testing

@Suite("condense targets refit")
struct RefitTests {
  @Test("A board that is 1.5 times slower than estimated is so in the profile that is written")
  func refitted() throws {
    let tool = try Tool()
    let readings = "latencyMs,estimatedMs,energyMicrojoules\n15,10,900\n30,20,1800\n45,30,2700\n"
    try readings.write(toFile: tool.folder + "/board.csv", atomically: true, encoding: .utf8)
    let run = try tool.run(
      "targets", "refit", "--target", "cortex-m4", "--readings", "board.csv", "--out", "mine.yaml")
    #expect(run.status == 0, "\(run.errors)")
    func latency(_ target: String) throws -> Double {
      let json = try tool.run("profile", "lenet5", "--target", target, "--json").json
      let row = try #require(try json.required("targets", of: "a report").list("targets").first)
      // 60 microjoules in a millisecond at 120 MHz are half a nanojoule for a cycle.
      if target != "cortex-m4" {
        let energy = try row.required("energyMicrojoules", of: "a target").number("energyMicrojoules")
        let milliseconds = try row.required("latencyMs", of: "a target").number("latencyMs")
        #expect(abs(energy / milliseconds - 60) < 1e-6)
      }
      return try row.required("latencyMs", of: "a target").number("latencyMs")
    }
    #expect(abs(try latency("./mine.yaml") / latency("cortex-m4") - 1.5) < 1e-9)
    let again = try tool.run(
      "targets", "refit", "--target", "cortex-m4", "--readings", "board.csv", "--out", "mine.yaml")
    #expect(again.status == 65)
  }

  @Test("A file of readings that makes no sense is bad input, with its line")
  func hostile() throws {
    let tool = try Tool()
    try "latencyMs,estimatedMs\n1,2\n1,inf\n".write(
      toFile: tool.folder + "/board.csv", atomically: true, encoding: .utf8)
    let run = try tool.run(
      "targets", "refit", "--target", "uno", "--readings", "board.csv", "--out", "mine.yaml")
    #expect(run.status == 65)
    #expect(run.errors.contains("board.csv:3: \"estimatedMs\" must be a number in"))
  }

  @Test("doctor names every simulator's tools, and which targets are modelled without them")
  func doctor() throws {
    let tools = try Tool().run("doctor", "--json").json.required("tools", of: "a report").list("tools")
    let compiler = try #require(tools.first { $0["name"] == "avr-gcc".node })
    #expect(compiler["lostWithoutIt"] == "uno modelled, not simulated".node)
    #expect(tools.contains { $0["name"] == "qemu-system-arm".node })
  }
}
