import Foundation
import Settings
import Testing

@Suite("condense profile")
struct ProfileTests {
  @Test("Lenet5's flash, layers and latency are those of its parameters and the profile")
  func json() throws {
    let run = try Tool().run("profile", "lenet5", "--target", "cortex-m4", "--json")
    #expect(run.status == 0)
    let json = try run.json
    #expect(json["schema"] == 1.node)
    let targets = try json.required("targets", of: "a report").list("targets")
    let target = try #require(targets.first)
    #expect(targets.count == 1 && target["name"] == "cortex-m4".node && target["fits"] == true.node)
    // 431,080 floats of 4 bytes and 6,372 bytes of code.
    #expect(target["flashBytes"] == (431_080 * 4 + 6372).node)
    // At 120 MHz: 1,888,000 float multiply-adds of convolutions at 7 cycles and 405,000 of linear layers at
    // 8.7 cycles.
    let latency = try target.required("latencyMs", of: "a target").number("latencyMs")
    #expect(abs(latency - (1_888_000 * 7 + 405_000 * 8.7) / 120_000) < 1e-9)
    let layers = try target.required("layers", of: "a target").list("layers")
    #expect(layers.first?["multiplyAdds"] == 288_000.node)
  }

  @Test("All targets make a table within 80 columns, with what does not fit and by how much")
  func text() throws {
    let run = try Tool().run("profile", "lenet5")
    #expect(run.status == 0)
    let lines = run.output.split(separator: "\n")
    #expect(lines.filter { $0.count > 80 } == [])
    for name in ["asic-45nm", "cortex-m4", "host", "uno", "zynq-7020"] {
      #expect(lines.contains { $0.hasPrefix(name + " ") }, "\(name)")
    }
    #expect(run.output.contains("uno: flash: \(431_080 * 4 + 1700 - 32256) bytes too many"))
  }

  @Test("An unknown target is bad input, with a suggestion; targets can be listed")
  func names() throws {
    let tool = try Tool()
    let wrong = try tool.run("profile", "lenet5", "--target", "cortex-m5")
    #expect(wrong.status == 65)
    #expect(wrong.errors.contains("\"cortex-m5\" is no target; did you mean \"cortex-m"))
    let listed = try tool.run("list", "targets", "--json")
    #expect(try listed.json.required("targets", of: "a list").list("targets").count == 14)
  }
}
