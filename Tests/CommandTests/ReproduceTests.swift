import Foundation
import Settings
import Testing

@Suite("condense reproduce", .serialized)
struct ReproduceTests {
  private let tool: Tool

  init() throws {
    tool = try Tool()
    try tool.makeGlyphs(count: 400)
    let recipe = """
      recipe: 1
      data: glyphs
      seeds: 2
      targets: [cortex-m4]
      controls: false
      teacher: {network: mlp, training: {epochs: 1, batch: 32}}
      training: {batch: 32}
      students:
        - name: distilled
          network: mlp
          width: 0.5
          pipeline: [{epochs: 1, objective: soft-targets}]
        - name: searched
          keep: {accuracyPoints: 100}
          pipeline: [{magnitude-pruning: {}, epochs: 1}]

      """
    try Data(recipe.utf8).write(to: URL(filePath: tool.folder + "/r.yaml"))
    let run = try tool.run("compare", "r.yaml", "--out", "run")
    #expect(run.status == 0, "\(run.errors)")
  }

  /// The folder of a finished trial whose name begins with `prefix`.
  private func trial(_ prefix: String) throws -> String {
    let names = try FileManager.default.contentsOfDirectory(atPath: tool.folder + "/run/trials").sorted()
    return "run/trials/" + (try #require(names.first { $0.hasPrefix(prefix) }))
  }

  @Test("A teacher, a distilled and a searched student give the same bytes again; the run stays as it is")
  func equal() throws {
    let before = try FileManager.default.subpathsOfDirectory(atPath: tool.folder + "/run").sorted()
    for (row, seed) in [("teacher", 1), ("distilled", 0), ("distilled", 1), ("searched", 0)] {
      let run = try tool.run("reproduce", "run", row, "--seed", "\(seed)", "--json")
      #expect(run.status == 0, "\(run.errors)")
      let answer = try run.json
      #expect(answer["equal"] == true.node && answer["seed"] == seed.node && answer["row"] == row.node)
      #expect(answer["sha256"] == answer["sha256Again"])
      if row == "distilled" {
        let file = try tool.bytes(trial("distilled-s\(seed)") + "/student.condensed")
        #expect(answer["bytes"] == file.count.node)
      }
    }
    let words = try tool.run("reproduce", "run", "distilled", "--out", "again")
    #expect(words.status == 0 && words.output.contains("distilled, seed 0: student.condensed is equal: "))
    #expect(words.errors.contains("epoch 1/1"))
    // An existing result is compared and not trained again.
    let again = try tool.run("reproduce", "run", "distilled", "--out", "again")
    #expect(again.status == 0 && !again.errors.contains("epoch"))
    #expect(try FileManager.default.subpathsOfDirectory(atPath: tool.folder + "/run").sorted() == before)
  }

  @Test("Other bytes, missing trials, changed data and other programs are told apart, with what to do")
  func unequal() throws {
    func reproduce(_ words: String, status: Int32, _ row: String = "distilled") throws {
      let run = try tool.run("reproduce", "run", row)
      #expect(run.status == status && run.errors.contains(words), "\(run.status): \(run.errors)")
    }
    let misspelt = try tool.run("reproduce", "run", "distiled")
    #expect(
      misspelt.status == 65 && misspelt.errors.contains("no row \"distiled\"; did you mean \"distilled\"?"))
    let seed = try tool.run("reproduce", "run", "distilled", "--seed", "7")
    #expect(seed.status == 65 && seed.errors.contains("has no seed 7; it has 0, 1"), "\(seed.errors)")

    let folder = try trial("distilled-s0")
    let file = tool.folder + "/" + folder + "/student.condensed"
    let whole = try Data(contentsOf: URL(filePath: file))
    var damaged = whole
    damaged[damaged.count - 9] ^= 1
    try damaged.write(to: URL(filePath: file))
    try reproduce("differs from the recorded file from byte \(whole.count - 8) on", status: 1)
    try whole.write(to: URL(filePath: file))

    let specification = tool.folder + "/" + folder + "/spec.json"
    let text = try String(contentsOfFile: specification, encoding: .utf8)
    func with(_ old: some RegexComponent, _ new: String, _ body: () throws -> Void) throws {
      let changed = text.replacing(old, with: new)
      #expect(changed != text)
      try Data(changed.utf8).write(to: URL(filePath: specification))
      try body()
      try Data(text.utf8).write(to: URL(filePath: specification))
    }
    try with(/"instructionSet" *: *"[^"]*"/, "\"instructionSet\": \"SSE41\"") {
      try reproduce("here it is had by CONDENSE_MAX_CPU_ISA=SSE41", status: 69)
    }
    try with(/"instructionSet" *: *"[^"]*"/, "\"instructionSet\": \"SVE\"") {
      try reproduce("this processor has no SVE", status: 69)
    }
    try with(/"engine" *: *[0-9]+/, "\"engine\": 1") {
      try reproduce("whose engine is of revision 1", status: 69)
    }
    try with(/"epochs" *: *1/, "\"epochs\": 2") {
      try reproduce("its methods are of other revisions", status: 69)
    }

    let teacher = try trial("teacher-s0")
    try FileManager.default.moveItem(atPath: tool.folder + "/" + teacher, toPath: tool.folder + "/kept")
    try reproduce("which this one needs, is missing; condense compare runs it again", status: 69)
    try FileManager.default.moveItem(atPath: tool.folder + "/kept", toPath: tool.folder + "/" + teacher)

    try FileManager.default.moveItem(atPath: tool.folder + "/glyphs", toPath: tool.folder + "/moved")
    try reproduce("give the data that the comparison saw", status: 69)
  }
}
