import Export
import Foundation
import Graphs
import Networks
import Settings
import Testing
import TestSupport

@Suite("TensorFlow Lite files on the command line")
struct TFLiteCommandTests {
  private let tool: Tool

  init() throws {
    tool = try Tool()
    try tool.makeGlyphs(count: 120)
    let trained = try tool.run(
      "train", "cnn-small", "--data", "glyphs", "--out", "a.safetensors", "--epochs", "1", "--threads", "1")
    #expect(trained.status == 0, "\(trained.errors)")
    let exported = try tool.run(
      "export", "a.safetensors", "--format", "tflite", "--out", "lite", "--name", "a")
    #expect(exported.status == 0, "\(exported.errors)")
  }

  @Test("A file is shown, scored, asked and exported again as the model that it was made of")
  func commands() throws {
    let shown = try tool.run("show", "lite/a.tflite")
    #expect(shown.status == 0 && shown.output.contains("conv2d"), "\(shown.errors)")
    var scores: [SettingsNode] = []
    for name in ["a.safetensors", "lite/a.tflite"] {
      let run = try tool.run("evaluate", name, "--data", "glyphs", "--threads", "1", "--json")
      #expect(run.status == 0, "\(name): \(run.errors)")
      scores.append(try run.json)
    }
    for key in ["top1", "loss"] {
      let numbers = try scores.map { try $0.required(key, of: "scores").number(key) }
      #expect(abs(numbers[0] - numbers[1]) <= 1e-4 * abs(numbers[0]), "\(key)")
    }
    let image = try #require(
      FileManager.default.subpathsOfDirectory(atPath: tool.folder + "/glyphs").first { $0.hasSuffix(".png") })
    let first = try tool.run("predict", "a.safetensors", "glyphs/" + image)
    let second = try tool.run("predict", "lite/a.tflite", "glyphs/" + image)
    #expect(first.output == second.output && second.status == 0, "\(second.errors)")
    let again = try tool.run("export", "lite/a.tflite", "--format", "tflite", "--out", "again", "--name", "a")
    #expect(again.status == 0, "\(again.errors)")
    #expect(try tool.run("diff", "lite/a.tflite", "again/a.tflite", "--data", "glyphs").status == 0)
  }

  @Test("A file is a teacher in a recipe")
  func recipe() throws {
    let recipe = """
      recipe: 1
      data: glyphs
      seeds: 1
      targets: [asic-45nm]
      controls: false
      teacher: {model: lite/a.tflite}
      students: [{name: half, pipeline: [{magnitude-pruning: {sparsity: 0.5}}]}]

      """
    try Data(recipe.utf8).write(to: URL(filePath: tool.folder + "/r.yaml"))
    let run = try tool.run("compare", "r.yaml", "--out", "run", "--json")
    #expect(run.status == 0, "\(run.errors)")
    #expect(try run.json.required("students", of: "ranking").list("students").count == 1)
  }
}
