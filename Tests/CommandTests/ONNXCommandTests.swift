import Foundation
import Settings
import Testing

@Suite("ONNX files on the command line")
struct ONNXCommandTests {
  private let tool: Tool
  /// A residual network of ten classes, exported by PyTorch, with its weights in a separate file.
  private let network = Tool.checkout.appending(path: "Tests/ExportTests/Resources/residual-dynamo-21.onnx")
    .path
  private let normalization = "mean=0.5,0.4,0.45,std=0.25,0.2,0.3"

  init() throws {
    tool = try Tool()
    try tool.makeGlyphs(count: 60)
  }

  @Test("A network of PyTorch's is scored, exported and scored again, with equal results")
  func evaluateAndExport() throws {
    let scored = try tool.run(
      "evaluate", network, "--data", "glyphs", "--split", "all", "--normalize", normalization, "--threads",
      "1",
      "--json")
    #expect(scored.status == 0, "\(scored.errors)")
    #expect(scored.errors.contains("names no classes; taken in the data's order"))
    let export = try tool.run(
      "export", network, "--format", "onnx", "--out", "exported", "--normalize", normalization, "--verify",
      "glyphs", "--json")
    #expect(export.status == 0, "\(export.errors)")
    let report = try export.json
    #expect(try report.required("verification", of: "r").required("mismatches", of: "v").integer("m") == 0)
    let again = try tool.run(
      "evaluate", "exported/model.onnx", "--data", "glyphs", "--split", "all", "--threads", "1", "--json")
    #expect(again.status == 0, "\(again.errors)")
    for key in ["top5", "loss", "images"] {
      let first = try scored.json.required(key, of: "scores").number(key)
      let second = try again.json.required(key, of: "scores").number(key)
      #expect(abs(first - second) <= 1e-5 * abs(first), "\(key)")
    }
  }

  @Test("Without a normalization a network is shown, but not scored")
  func normalizationIsAskedFor() throws {
    let scored = try tool.run("evaluate", network, "--data", "glyphs", "--split", "all")
    #expect(scored.status == 65)
    #expect(scored.errors.contains("say it with --normalize mean="))
    let shown = try tool.run("show", network)
    #expect(shown.status == 0 && shown.output.contains("conv2d"), "\(shown.errors)")
    #expect(try tool.run("profile", network, "--target", "cortex-m7").status == 0)
    let wrong = try tool.run("predict", network, "photo.png", "--normalize", "mean=1")
    #expect(wrong.status == 64)
    #expect(wrong.errors.contains("expected both mean=… and std=…"))
  }

  @Test("A folder with something in it is left alone, and an unknown format is told with the known ones")
  func refusals() throws {
    let occupied = try tool.run(
      "export", network, "--format", "onnx", "--out", ".", "--normalize", normalization)
    #expect(occupied.status == 65)
    #expect(occupied.errors.contains("expected a new or an empty folder"))
    let unknown = try tool.run("export", network, "--format", "onyx", "--out", "o")
    #expect(unknown.status == 64)
    #expect(unknown.errors.contains("\"onyx\" is not a format; did you mean \"onnx\"?"))
    #expect(try tool.run("list", "formats").output.contains("onnx"))
  }
}
