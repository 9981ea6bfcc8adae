import Foundation
import Settings
import Testing

/// Uses of a run's directory after the run: renaming, sharing, losing the ledger, reading students.
@Suite("The directory of a comparison", .serialized)
struct RunFolderCommandTests {
  private let tool: Tool
  private var folder: String { tool.folder }

  init() throws {
    tool = try Tool()
    try tool.makeGlyphs(count: 300)
    try write(Self.recipe)
  }

  private static let recipe = """
    recipe: 1
    data: glyphs
    seeds: 1
    targets: [cortex-m4]
    controls: false
    teacher: {network: mlp, training: {epochs: 1, batch: 32}}
    training: {batch: 32}
    students:
      - name: pruned
        pipeline:
          - magnitude-pruning: {sparsity: 0.8}
            epochs: 1
      - name: int8
        pipeline: [{post-training-quantization: {images: 64}}]

    """

  private func write(_ recipe: String) throws {
    try Data(recipe.utf8).write(to: URL(filePath: folder + "/r.yaml"))
  }

  private func ranking(_ run: String) throws -> SettingsNode {
    try SettingsNode(json: tool.text(run + "/ranking.json"), source: "ranking.json")
  }

  private func names(_ run: String, _ list: String = "students") throws -> [String] {
    try (try #require(try ranking(run)[list])).list(list).map {
      try $0.required("name", of: "a row").string("name")
    }.sorted()
  }

  @Test("a trial that fails costs one row and an exit code of 1; the ranking holds the others")
  func failure() throws {
    try write(
      Self.recipe + """
          - name: wild
            pipeline: [{magnitude-pruning: {sparsity: 0.5}, epochs: 1, training: {learningRate: 1000}}]

        """)
    for _ in 0..<2 {
      let run = try tool.run("compare", "r.yaml", "--out", "run")
      #expect(run.status == 1 && run.errors.contains("1 of 4 trials failed"), "\(run.errors)")
      #expect(try names("run") == ["int8", "pruned"] && names("run", "failed") == ["wild"])
    }
    try write(Self.recipe)
    #expect(try tool.run("compare", "r.yaml", "--out", "run").status == 0)
  }

  @Test("a student that the recipe calls otherwise bears its new name everywhere, and is not trained again")
  func renamed() throws {
    #expect(try tool.run("compare", "r.yaml", "--out", "run").status == 0)
    try write(Self.recipe.replacing("name: pruned", with: "name: thinned"))
    let again = try tool.run("compare", "r.yaml", "--out", "run")
    #expect(again.status == 0 && !again.errors.contains("thinned, seed 0:"), "\(again.errors)")
    #expect(try names("run") == ["int8", "thinned"])
    #expect(again.output.contains("thinned") && !again.output.contains("pruned"))
    let page = try tool.text("run/report.html")
    #expect(page.contains("\"name\":\"thinned\",\"nonZeros\"") && !page.contains("\"name\":\"pruned\""))
    let report = try tool.run("report", "run", "--json")
    #expect(report.status == 0 && report.output.contains("thinned"))
  }

  @Test("trials that several runs share, under a relative path, are trained once and stand in every report")
  func shared() throws {
    let first = try tool.run("compare", "r.yaml", "--out", "one", "--trials", "common/trials")
    #expect(first.status == 0, "\(first.errors)")
    #expect(tool.exists("common/trials") && !tool.exists("one/trials/teacher"))
    let second = try tool.run("compare", "r.yaml", "--out", "two", "--trials", "./common/../common/trials")
    #expect(second.status == 0 && !second.errors.contains("seed 0:"), "\(second.errors)")
    #expect(try ranking("one")["students"] == ranking("two")["students"])
    for row in try #require(try ranking("two")["students"]).list("students") {
      let model = try row.required("model", of: "a row").string("model")
      #expect(model.hasPrefix("/") && FileManager.default.fileExists(atPath: model))
    }
    #expect(try tool.text("two/report.html").contains("\"layers\":[{"))
  }

  @Test("a report is made without the ledger, from what the comparison left; without both there is none")
  func lostLedger() throws {
    #expect(try tool.run("compare", "r.yaml", "--out", "run").status == 0)
    let ranking = try tool.bytes("run/ranking.json")
    let whole = try tool.run("report", "run")
    #expect(whole.status == 0 && !whole.errors.contains("ledger"), "\(whole.errors)")
    let page = try tool.text("run/report.html")
    #expect(page.contains("GiB"))

    try Data("no database at all, and long enough to be looked at".utf8)
      .write(to: URL(filePath: folder + "/run/ledger.sqlite"))
    for _ in 0..<2 {
      let report = try tool.run("report", "run", "--json")
      #expect(report.status == 0 && report.errors.contains("trials' directories"), "\(report.errors)")
      #expect(report.output.utf8.elementsEqual(ranking))
      #expect(try tool.text("run/report.html").contains("\"layers\":[{"))
      try? FileManager.default.removeItem(atPath: folder + "/run/ledger.sqlite")
    }
    try FileManager.default.removeItem(atPath: folder + "/run/ranking.json")
    let none = try tool.run("report", "run")
    #expect(none.status == 65 && none.errors.contains("holds neither ranking.json nor ledger.sqlite"))
    #expect(try tool.run("compare", "r.yaml", "--out", "run").status == 0)
    #expect(try tool.bytes("run/ranking.json") == ranking)
  }

  @Test("a trial's result that cannot be believed is named by the report, field and all")
  func unbelievable() throws {
    #expect(try tool.run("compare", "r.yaml", "--out", "run").status == 0)
    try FileManager.default.removeItem(atPath: folder + "/run/ledger.sqlite")
    let trial = try #require(
      FileManager.default.contentsOfDirectory(atPath: folder + "/run/trials").first { $0.hasPrefix("int8") })
    let path = "run/trials/\(trial)/result.json"
    let text = try tool.text(path).replacing(/"top5":[0-9.e-]+/, with: "\"top5\":7")
    try Data(text.utf8).write(to: URL(filePath: folder + "/" + path))
    let report = try tool.run("report", "run")
    #expect(
      report.status == 65 && report.errors.contains("top5: expected a rate from 0 to 1"), "\(report.errors)")
  }

  @Test("evaluate and show read a student's file: the ranked accuracy, the encodings and the file's bytes")
  func students() throws {
    #expect(try tool.run("compare", "r.yaml", "--out", "run").status == 0)
    for row in try #require(try ranking("run")["students"]).list("students") {
      let model = "run/" + (try row.required("model", of: "a row").string("model"))
      let evaluated = try tool.run("evaluate", model, "--data", "glyphs", "--json")
      #expect(evaluated.status == 0, "\(evaluated.errors)")
      let ranked = try #require(row["accuracy"]?["perSeed"]).list("perSeed")[0].number("perSeed")
      #expect(try evaluated.json.required("top1", of: "report").number("top1") == ranked)
      let shown = try tool.run("show", model)
      #expect(shown.status == 0, "\(shown.errors)")
      let encoding = model.contains("int8") ? "integer" : "sparse"
      #expect(shown.output.contains(encoding), "\(shown.output)")
      #expect(try tool.run("show", model, "--json").json["schema"] == 1.node)
      let bytes = try tool.bytes(model).count
      #expect(row["size"]?["codedBytes"] == bytes.node)
    }
  }

  @Test("plan makes no folder and waits for nobody, not even for a comparison that is at work there")
  func plan() throws {
    let alone = try tool.run("plan", "r.yaml", "--out", "planned", "--json")
    #expect(alone.status == 0 && !tool.exists("planned"), "\(alone.errors)")
    let node = try alone.json
    #expect(try node.required("seconds", of: "a plan").number("seconds") > 0)
    #expect(try node.required("measuredNetworks", of: "a plan").integer("measuredNetworks") >= 2)
    let process = try tool.start(["compare", "r.yaml", "--out", "run"], name: "busy")
    while !tool.exists("run/recipe.yaml"), process.isRunning { usleep(20_000) }
    let busy = try tool.run("plan", "r.yaml", "--out", "run")
    #expect(busy.status == 0 && busy.output.contains("time: from some training steps"), "\(busy.errors)")
    process.waitUntilExit()
    let done = try tool.run("plan", "r.yaml", "--out", "run", "--json")
    #expect(try done.json["done"] == 3.node && done.json["secondsLeft"] == 0.0.node)
  }
}
