import Foundation
import Settings
import Testing

@Suite("condense compare")
struct CompareTests {
  private let tool: Tool
  private var folder: String { tool.folder }

  init() throws {
    tool = try Tool()
    try tool.makeGlyphs(count: 600)
    try Data(Self.recipe.utf8).write(to: URL(filePath: folder + "/r.yaml"))
  }

  private static let recipe = """
    recipe: 1
    data: glyphs
    seeds: 1
    targets: [cortex-m4, asic-45nm]
    teacher: {network: cnn-small, training: {epochs: 2, batch: 32}}
    training: {batch: 32}
    students:
      - name: distilled
        network: cnn-small
        width: 0.25
        pipeline: [{epochs: 1, objective: soft-targets}]
      - name: pruned
        pipeline:
          - magnitude-pruning: {sparsity: 0.8}
            epochs: 1
          - codebook: {}
            epochs: 1
      - name: int8
        pipeline: [{post-training-quantization: {images: 128}}]
      - name: narrow
        pipeline: [{channel-pruning: {criterion: taylor, sparsity: 0.5}, epochs: 1}]

    """

  /// The accuracies and sizes of all rows, which must not depend on how often a run was killed.
  private func facts(_ run: String) throws -> [String] {
    let text = try String(contentsOfFile: folder + "/\(run)/ranking.json", encoding: .utf8)
    let ranking = try SettingsNode(json: text, source: "ranking.json")
    let rows = try #require(ranking["students"]).list("students") + [try #require(ranking["teacher"])]
    return rows.map { row in
      [row["name"], row["accuracy"]?["perSeed"], row["size"], row["nonZeros"], row["targets"]]
        .map { $0?.canonicalJSON ?? "missing" }.joined(separator: " ")
    }.sorted()
  }

  @Test("ranks every student and control; called again it trains nothing and changes nothing")
  func twice() throws {
    let first = try tool.run("compare", "r.yaml", "--out", "run")
    #expect(first.status == 0, "\(first.errors)")
    let names = try facts("run").map { $0.split(separator: " ")[0] }
    #expect(
      names.sorted() == [
        "\"distilled\"", "\"distilled~alone\"", "\"int8\"", "\"narrow\"", "\"narrow~random\"",
        "\"narrow~scratch\"",
        "\"pruned\"", "\"pruned~random\"", "\"teacher\"",
      ])
    let ranking = try Data(contentsOf: URL(filePath: folder + "/run/ranking.json"))
    for file in ["report.html", "ranking.csv", "ranking.md", "ledger.sqlite", "recipe.yaml"] {
      #expect(FileManager.default.fileExists(atPath: folder + "/run/" + file), "\(file)")
    }
    try checkArithmetic("run")
    let second = try tool.run("compare", "r.yaml", "--out", "run")
    #expect(second.status == 0 && !second.errors.contains("epoch"), "\(second.errors)")
    #expect(try Data(contentsOf: URL(filePath: folder + "/run/ranking.json")) == ranking)
    for row in ["int8", "teacher"] {
      let shown = try tool.run("show", "run/\(row)", "--json")
      #expect(shown.status == 0, "\(shown.errors)")
    }
    let trials = try FileManager.default.contentsOfDirectory(atPath: folder + "/run/trials")
    let trial = "run/trials/" + (try #require(trials.first { $0.hasPrefix("int8-s0-") }))
    let scored = try ["run/int8", trial].map {
      try tool.run("evaluate", $0, "--data", "glyphs", "--json").json.required("top1", of: "a score")
    }
    #expect(scored[0] == scored[1])
    let misspelt = try tool.run("evaluate", "run/nt8", "--data", "glyphs")
    #expect(
      misspelt.status == 65
        && misspelt.errors.contains("neither a file nor a row of run/ranking.json; did you mean \"int8\"?"),
      "\(misspelt.errors)")
    let report = try tool.run("report", "run", "--json")
    #expect(report.status == 0 && report.output.utf8.elementsEqual(ranking))
  }

  @Test("a board that is added or changed later is read without training; one that is left out is not shown")
  func targets() throws {
    let small = """
      recipe: 1
      data: glyphs
      seeds: 1
      targets: [TARGETS]
      controls: false
      teacher: {network: mlp, training: {epochs: 1, batch: 32}}
      training: {batch: 32}
      students:
        - name: int8
          pipeline: [{magnitude-pruning: {sparsity: 0.5, times: 1}}, {post-training-quantization: {images: 64}}]

      """
    func compare(_ targets: String) throws -> (student: SettingsNode, errors: String) {
      try Data(small.replacing("TARGETS", with: targets).utf8).write(
        to: URL(filePath: folder + "/small.yaml"))
      let run = try tool.run("compare", "small.yaml", "--out", "run", "--json")
      #expect(run.status == 0, "\(run.errors)")
      return (
        try #require(try run.json.required("students", of: "ranking").list("students").first), run.errors
      )
    }
    func board(_ megahertz: Int) throws {
      let board = try String(
        contentsOf: Tool.checkout.appending(path: "Recipes/targets/asic-45nm.yaml"), encoding: .utf8
      ).replacing(/clockMHz: \{value: [0-9.]+/, with: "clockMHz: {value: \(megahertz)")
      try FileManager.default.createDirectory(
        atPath: folder + "/Recipes/targets", withIntermediateDirectories: true)
      try Data(board.utf8).write(to: URL(filePath: folder + "/Recipes/targets/mine.yaml"))
    }
    func latency(_ student: SettingsNode) throws -> Double {
      try student.required("targets", of: "a row").required("mine", of: "targets").required(
        "latencyMs", of: "a reading"
      ).number("latencyMs")
    }

    let first = try compare("asic-45nm")
    try board(100)
    let second = try compare("asic-45nm, mine")
    #expect(second.errors.contains("int8, seed 0: read anew on mine"), "\(second.errors)")
    // One line for each of the two trials, and none of a training.
    #expect(second.errors.split(separator: "seed 0: ").count == 3, "\(second.errors)")
    #expect(second.student["accuracy"] == first.student["accuracy"])
    try board(50)
    let third = try compare("mine")
    #expect(third.errors.contains("read anew on mine"))
    #expect(try abs(latency(third.student) / latency(second.student) - 2) < 1e-9)
    #expect(third.student["targets"]?["asic-45nm"] == nil)
    #expect(try !compare("mine").errors.contains("read anew"))
    let trials = try FileManager.default.contentsOfDirectory(atPath: folder + "/run/trials")
    let trial = folder + "/run/trials/" + (try #require(trials.first { $0.hasPrefix("int8-s0-") }))
    let result = try SettingsNode(contentsOf: trial + "/result.json")
    let stages = try result.required("stages", of: "a result").list("stages")
    #expect(stages.map { $0["energyTarget"] } == ["asic-45nm".node, "mine".node])
    #expect(stages.allSatisfy { $0["energyMicrojoules"] != nil })
  }

  /// Checks that an integer row is measured in integers.
  ///
  /// `evaluate` must report the same for its file, and `show --plan` must list the integer calls.
  private func checkArithmetic(_ run: String) throws {
    let text = try String(contentsOfFile: folder + "/\(run)/ranking.json", encoding: .utf8)
    let rows = try #require(try SettingsNode(json: text, source: "ranking.json")["students"]).list("students")
    for (name, arithmetic) in [("int8", "integer"), ("pruned", "float")] {
      let row = try #require(rows.first { $0["name"] == name.node })
      let accuracy = try row.required("accuracy", of: name)
      #expect(accuracy["arithmetic"] == arithmetic.node)
      let model = "\(run)/" + (try row.required("model", of: name).string("model"))
      let evaluated = try tool.run("evaluate", model, "--data", "glyphs", "--json", "--threads", "2")
      let report = try evaluated.json
      #expect(
        report["arithmetic"] == arithmetic.node && report["top1"] == accuracy["mean"], "\(evaluated.errors)")
      let plans = try tool.run("show", model, "--plan", "--json").json.required("plans", of: "plan").list(
        "plans")
      #expect(
        plans.map { $0["arithmetic"] } == ["float".node, "float".node]
          + (name == "int8" ? ["integer".node] : []))
    }
  }

  @Test(
    "--only runs and ranks what matches with what it needs, and the rest later trains nothing of it again")
  func only() throws {
    let some = try tool.run("compare", "r.yaml", "--out", "some", "--only", "int?")
    #expect(some.status == 0, "\(some.errors)")
    #expect(try facts("some").map { $0.split(separator: " ")[0] } == ["\"int8\"", "\"teacher\""])
    let ranking = try SettingsNode(json: tool.text("some/ranking.json"), source: "ranking.json")
    #expect(
      try ranking.required("notes", of: "a ranking").list("notes").first
        == "Ranked: 1 of the recipe's 4 students, those that match int?, with the trials that they need.".node
    )
    let none = try tool.run("compare", "r.yaml", "--out", "some", "--only", "int88")
    #expect(
      none.status == 65
        && none.errors.contains(
          "--only: \"int88\": matches no student; did you mean \"int8\"? (distilled, pruned, int8, narrow)"),
      "\(none.errors)")
    let more = try tool.run("compare", "r.yaml", "--out", "some", "--only", "int8", "--only", "pruned")
    #expect(more.status == 0 && !more.errors.contains("teacher, seed 0"), "\(more.errors)")
    #expect(try facts("some").count == 4)
  }

  @Test("killed at several instants and gone on with, it ends with the rows of an uninterrupted run")
  func killed() throws {
    #expect(try tool.run("compare", "r.yaml", "--out", "whole").status == 0)
    for milliseconds in [150, 600, 1100, 1700] {
      let process = try tool.start(["compare", "r.yaml", "--out", "cut"], name: "cut")
      usleep(UInt32(milliseconds) * 1000)
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
      usleep(300_000)
      #expect(orphans(of: "cut").isEmpty)
    }
    let last = try tool.run("compare", "r.yaml", "--out", "cut")
    #expect(last.status == 0, "\(last.errors)")
    #expect(try facts("cut") == facts("whole"))
  }

  /// The processes that still work in a run's directory.
  private func orphans(of run: String) -> [String] {
    let numbers = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return numbers.filter { number in
      guard Int(number) != nil, let command = FileManager.default.contents(atPath: "/proc/\(number)/cmdline")
      else { return false }
      let text = String(decoding: command, as: UTF8.self)
      let place = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(number)/cwd")) ?? ""
      return text.contains("trial") && text.contains(run + "/trials")
        && place.hasSuffix((folder as NSString).lastPathComponent)
    }
  }

  @Test(
    "a trial called by itself ends with its standard input, or goes on detached; of another machine it exits with 69"
  )
  func trial() throws {
    #expect(try tool.run("compare", "r.yaml", "--out", "run", "--only", "pruned").status == 0)
    let trials = folder + "/run/trials"
    let name = try #require(
      try FileManager.default.contentsOfDirectory(atPath: trials).first { $0.hasPrefix("pruned-s0-") })
    let text = try tool.text("run/trials/\(name)/spec.json")
    let result = try tool.text("run/trials/\(name)/result.json")
    try FileManager.default.removeItem(atPath: "\(trials)/\(name)")
    try Data(text.utf8).write(to: URL(filePath: folder + "/spec.json"))
    func trial(_ more: [String]) throws -> Int32 {
      let process = try tool.start(
        ["trial", "spec.json", "--out", "run/trials/\(name)"] + more, name: "trial",
        input: FileHandle.nullDevice)
      process.waitUntilExit()
      return process.terminationStatus
    }
    #expect(try trial([]) == 143)
    #expect(!tool.exists("run/trials/\(name)"))
    #expect(try trial(["--detached"]) == 0)
    func lasting(_ json: String) throws -> SettingsNode? {
      try SettingsNode(json: json, source: "result.json")["accuracy"]
    }
    #expect(try lasting(tool.text("run/trials/\(name)/result.json")) == lasting(result))
    try Data(text.replacing(/"instructionSet" *: *"[^"]*"/, with: "\"instructionSet\": \"avx9\"").utf8)
      .write(to: URL(filePath: folder + "/spec.json"))
    #expect(try trial(["--detached"]) == 69)
    let errors = try tool.text("trial.err")
    #expect(errors.contains("instruction set avx9, found ") && errors.contains("plan it again"), "\(errors)")
    try Data(text.replacing(/"epochs" *: *1/, with: "\"epochs\": 2").utf8)
      .write(to: URL(filePath: folder + "/spec.json"))
    #expect(try trial(["--detached"]) == 69)
    #expect(try tool.text("trial.err").contains("expected the address"))
  }

  @Test("a search gives the same bytes with one job, with three, and killed and gone on with")
  func searched() throws {
    let recipe = """
      recipe: 1
      data: glyphs
      seeds: 1
      targets: [cortex-m4]
      teacher: {network: mlp, training: {epochs: 1, batch: 32}}
      training: {batch: 32}
      students:
        - name: kept
          keep: {accuracyPoints: 5}
          pipeline: [{magnitude-pruning: {sparsity: 0.5, times: 1}, epochs: 1}]
        - name: drawn
          fit: {fileBytes: 200000}
          search: {random: {tries: 4}}
          over: {sparsity: {from: 0.2, to: 0.95}}
          pipeline: [{magnitude-pruning: {sparsity: 0.5, times: 1}, epochs: 1}]

      """
    try Data(recipe.utf8).write(to: URL(filePath: folder + "/search.yaml"))
    for jobs in [1, 3] {
      let run = try tool.run("compare", "search.yaml", "--out", "jobs\(jobs)", "--jobs", "\(jobs)")
      #expect(run.status == 0, "\(run.errors)")
    }
    for milliseconds in [400, 900, 1500] {
      let process = try tool.start(["compare", "search.yaml", "--out", "cut", "--jobs", "2"], name: "cut")
      usleep(UInt32(milliseconds) * 1000)
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
      usleep(300_000)
    }
    #expect(try tool.run("compare", "search.yaml", "--out", "cut", "--jobs", "2").status == 0)
    let expected = try timeless("jobs1")
    #expect(try timeless("jobs3") == expected && timeless("cut") == expected)
    let names = try facts("jobs1").map { $0.split(separator: " ")[0] }
    #expect(names == ["drawn", "drawn~random", "kept", "kept~random", "teacher"].map { "\"\($0)\"" })
    let again = try tool.run("compare", "search.yaml", "--out", "jobs1")
    #expect(again.status == 0 && !again.errors.contains("seed 0:"), "\(again.errors)")
    let plan = try tool.run("plan", "search.yaml", "--out", "jobs1", "--json").json
    // One teacher, six and four candidates, two chosen students and their two controls.
    #expect(plan["trials"] == 15.node && plan["done"] == 15.node)
  }

  /// The files that all trials of a run left, without values that depend on the clock.
  private func timeless(_ run: String) throws -> [String: [String]] {
    let trials = folder + "/\(run)/trials"
    var left: [String: [String]] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: trials) where !name.hasPrefix(".") {
      left[name] = ["result.json", "candidate.json", "student.condensed", "structure.json"].map { file in
        guard let bytes = FileManager.default.contents(atPath: "\(trials)/\(name)/\(file)") else { return "" }
        guard file.hasSuffix(".json") else { return bytes.base64EncodedString() }
        return String(decoding: bytes, as: UTF8.self).replacing(/"seconds": ?[0-9.e-]+/, with: "")
      }
    }
    return left
  }

  @Test("Ctrl-C keeps what is done, exits with 130 and says how to go on")
  func interrupted() throws {
    let process = try tool.start(["compare", "r.yaml", "--out", "stopped"], name: "stopped")
    usleep(700_000)
    kill(process.processIdentifier, SIGINT)
    process.waitUntilExit()
    #expect(process.terminationStatus == 130)
    let errors = try String(contentsOfFile: folder + "/stopped.err", encoding: .utf8)
    #expect(errors.contains("go on with"))
  }

  @Test("bad input ends with 65 and a message that says where")
  func badInput() throws {
    let missing = try tool.run("compare", "nowhere.yaml")
    #expect(missing.status == 65 && missing.errors.contains("nowhere.yaml: no such recipe"))
    try Data(Self.recipe.replacing("sparsity: 0.8", with: "sparsty: 0.8").utf8)
      .write(to: URL(filePath: folder + "/typo.yaml"))
    let typo = try tool.run("compare", "typo.yaml")
    #expect(typo.status == 65 && typo.errors.contains("typo.yaml:14") && typo.errors.contains("sparsity"))
    try Data(Self.recipe.replacing("data: glyphs", with: "data: glyfs").utf8)
      .write(to: URL(filePath: folder + "/nodata.yaml"))
    let noData = try tool.run("compare", "nodata.yaml")
    #expect(noData.status == 65 && noData.errors.contains("glyfs"))
    let unknown = try tool.run("compare", "quickstrt")
    #expect(unknown.status == 65 && unknown.errors.contains("quickstart"))
    #expect(try tool.run("compare", "r.yaml", "--jobs", "0").status == 64)
    #expect(try tool.run("compare", "r.yaml", "--time-limit", "soon").status == 64)
  }

  @Test("plan names trials, layers and reasons, and trains nothing")
  func plan() throws {
    let plan = try tool.run("plan", "r.yaml", "--out", "planned", "--json")
    #expect(plan.status == 0, "\(plan.errors)")
    let students = try #require(plan.json["students"]).list("students")
    let pruned = try #require(students.first { $0["name"]?.content == .string("pruned") })
    let stages = try #require(pruned["stages"]).list("stages")
    #expect(try #require(stages[0]["touched"]).list("touched").count > 1)
    #expect(!FileManager.default.fileExists(atPath: folder + "/planned/trials"))
    let some = try tool.run("plan", "r.yaml", "--out", "planned", "--only", "n*", "--json")
    #expect(
      try #require(some.json["students"]).list("students").map { $0["name"] }
        == ["teacher", "narrow", "narrow~scratch", "narrow~random"].map(\.node))
    let text = try tool.run("plan", "r.yaml", "--out", "planned")
    #expect(text.status == 0 && text.output.contains("magnitude-pruning, 1 epoch"))
    #expect(text.output.split(separator: "\n").allSatisfy { $0.count <= 80 })
    try Data("cores: 1\nnodeCores: 4\ntime: \"0:0:0\"\n".utf8).write(
      to: URL(filePath: folder + "/queue.yaml"))
    let queued = try tool.run(
      "plan", "r.yaml", "--out", "planned", "--executor", "slurm", "--profile", "queue.yaml")
    let flat = queued.output.replacing("\n  ", with: " ")
    let trials = try #require(plan.json["trials"]).integer("trials")
    #expect(flat.contains("Slurm: \(trials) jobs of 1 core, about"), "\(queued.output)")
    #expect(flat.contains("node-hours with 4 trials a node") && flat.contains("more than the profile's time"))
    #expect(try tool.run("plan", "r.yaml", "--profile", "queue.yaml").status == 64)
    let frozen = Self.recipe.replacing("width: 0.25", with: "width: 1").replacing(
      "epochs: 1, objective: soft-targets", with: "epochs: 1, training: {frozen: nowhere}")
    try Data(frozen.utf8).write(to: URL(filePath: folder + "/frozen.yaml"))
    let warned = try tool.run("plan", "frozen.yaml", "--only", "distilled", "--out", "planned")
    #expect(
      warned.status == 0 && warned.output.contains("frozen: \"nowhere\" matches no layer"), "\(warned.output)"
    )
  }
}
