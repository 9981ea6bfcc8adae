import Foundation
import Settings
import Testing

/// Custom board profiles with absurd values.
@Suite("Targets of a user's own")
struct TargetAbuseTests {
  private func uno(_ tool: Tool, _ changes: [(String, String)], name: String = "mine") throws {
    var text = try String(
      contentsOfFile: Tool.checkout.path + "/Recipes/targets/uno.yaml", encoding: .utf8)
    for (old, new) in changes {
      try #require(text.contains(old))
      text = text.replacingOccurrences(of: old, with: new)
    }
    try text.write(toFile: "\(tool.folder)/\(name).yaml", atomically: true, encoding: .utf8)
  }

  @Test(
    "A simulator that is none, or settings that it has not, are bad input and no reason to model silently")
  func simulators() throws {
    let tool = try Tool()
    for (old, new, words) in [
      ("kind: simavr", "kind: simawr", "mine.yaml:25: \"simawr\" is no simulator; did you mean \"simavr\"?"),
      ("mcu: atmega", "mcuu: atmega", "mine.yaml:26: \"mcuu\" is not a setting of the simulator simavr"),
      ("flags: [-O2]", "flags: [-fplugin=x.so]", "mine.yaml:27: \"flags\" must be a list of flags"),
    ] {
      try uno(tool, [(old, new)])
      let run = try tool.run("profile", "lenet5", "--target", "./mine.yaml")
      #expect(run.status == 65)
      #expect(run.errors.contains(words), "\(run.errors)")
    }
  }

  @Test("A comparison refuses targets that cannot be, before anything is trained")
  func comparison() throws {
    let tool = try Tool()
    try uno(tool, [("clockMHz", "clokMHz")])
    for (targets, words) in [
      ("nope", "r.yaml:4: \"nope\" is no target"),
      ("./mine.yaml", "r.yaml:4: ./mine.yaml:3: \"clokMHz\" is not a setting"),
      ("uno, uno", "r.yaml:4: the target \"uno\" is given twice"),
    ] {
      let recipe = """
        recipe: 1
        data: glyphs
        seeds: 1
        targets: [\(targets)]
        teacher: {network: mlp, training: {epochs: 1}}
        students: [{name: a, pipeline: [{magnitude-pruning: {sparsity: 0.5}}]}]
        """
      try recipe.write(toFile: tool.folder + "/r.yaml", atomically: true, encoding: .utf8)
      for command in ["plan", "compare"] {
        let run = try tool.run(command, "r.yaml", "--out", "run")
        #expect(run.status == 65)
        #expect(run.errors.contains(words), "\(command): \(run.errors)")
      }
      #expect(!tool.exists("run/trials"))
    }
  }

  @Test("Costs and clocks at the ends of their ranges give finite figures")
  func ends() throws {
    let tool = try Tool()
    // Without a simulator the costs of the profile decide; the simulator would ignore them.
    try uno(
      tool,
      [("cycles: 31,", "cycles: 1e12,"), ("cycles: 192,", "cycles: 1e12,"), ("value: 16,", "value: 1e-6,")])
    let text = try tool.run("profile", "vgg16", "--target", "./mine.yaml")
    #expect(text.status == 0, "\(text.errors)")
    #expect(text.output.firstMatch(of: /\b(inf|nan)\b/) == nil, "\(text.output)")
    let json = try tool.run("profile", "vgg16", "--target", "./mine.yaml", "--json").json
    let row = try #require(try json.required("targets", of: "a report").list("targets").first)
    #expect(try row.required("latencyMs", of: "a target").number("latencyMs") > 1e18)
    try uno(tool, [("value: 16,", "value: 1e-320,")])
    let slow = try tool.run("profile", "lenet5", "--target", "./mine.yaml")
    #expect(slow.status == 65)
    #expect(
      slow.errors.contains("\"clockMHz\" must be at least 1e-06 (a cycle a second), found"), "\(slow.errors)")
  }

  @Test(
    "Readings in other units give no profile that could not be read again; folders that are not there are told"
  )
  func readings() throws {
    let tool = try Tool()
    try "estimatedMs,latencyMs\n1e-9,1e12\n".write(
      toFile: tool.folder + "/units.csv", atomically: true, encoding: .utf8)
    let units = try tool.run(
      "targets", "refit", "--target", "uno", "--readings", "units.csv", "--out", "units.yaml")
    #expect(units.status == 65)
    #expect(units.errors.contains("units.csv: gives no profile: units.yaml:"), "\(units.errors)")
    #expect(!tool.exists("units.yaml"))
    try "estimatedMs,latencyMs\n1,2\n".write(
      toFile: tool.folder + "/twice.csv", atomically: true, encoding: .utf8)
    let lost = try tool.run(
      "targets", "refit", "--target", "uno", "--readings", "twice.csv", "--out", "none/x.yaml")
    #expect(lost.status == 65)
    #expect(lost.errors.contains("none does not exist; make it first"), "\(lost.errors)")
    let exact = try tool.run(
      "targets", "refit", "--target", "uno", "--readings", "twice.csv", "--out", "x.yaml")
    #expect(exact.status == 0)
    #expect(exact.errors.contains("the simulator simavr of uno has no factors"), "\(exact.errors)")
    let endless = try tool.run(
      "targets", "refit", "--target", "uno", "--readings", "/dev/zero", "--out", "y.yaml")
    #expect(endless.status == 65)
    #expect(endless.errors.contains("/dev/zero: expected UTF-8 text of at most"), "\(endless.errors)")
  }
}
