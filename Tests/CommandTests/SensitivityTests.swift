import Foundation
import Settings
import Testing

@testable import condense

@Suite("condense sensitivity", .serialized)
struct SensitivityTests {
  private static func trained() throws -> Tool {
    let tool = try Tool()
    try tool.makeGlyphs(count: 400)
    let run = try tool.run("train", "lenet5", "--data", "glyphs", "--out", "m.safetensors", "--epochs", "2")
    guard run.status == 0 else { throw CommandFailure(.internal, run.errors) }
    return tool
  }

  @Test("Curves of all layers, in a table, JSON, CSV and a picture; a second call measures nothing")
  func curves() throws {
    let tool = try Self.trained()
    let arguments = [
      "sensitivity", "m.safetensors", "--data", "glyphs", "--sparsities", "0.25,0.5,0.9", "--csv", "s.csv",
      "--svg", "s.svg", "--json",
    ]
    let first = try tool.run(arguments)
    #expect(first.status == 0, "\(first.errors)")
    #expect(first.errors.contains("layer 1 of 3: conv1"))
    let node = try first.json
    let layers = try node.required("layers", of: "report").list("layers")
    #expect(node["split"] == "val".node && node["method"] == "channel-pruning".node && layers.count == 3)
    let whole = try node.required("whole", of: "report").required("top1", of: "whole").number("top1")
    let truth = try tool.run("evaluate", "m.safetensors", "--data", "glyphs", "--split", "val", "--json").json
    #expect(try truth.required("top1", of: "report").number("top1") == whole)
    let loss = try node.required("whole", of: "report").required("loss", of: "whole").number("loss")
    #expect(try abs(truth.required("loss", of: "report").number("loss") - loss) < 1e-6)
    #expect(try node.required("untouched", of: "report").list("untouched").count == 1)
    #expect(try tool.text("s.csv").split(separator: "\r\n").count == 2 + 3 * 3)
    #expect(try tool.text("s.svg").hasPrefix("<svg") && tool.text("s.svg").contains("conv1"))

    let second = try tool.run(arguments)
    #expect(second.output == first.output && !second.errors.contains("layer 1 of 3"))
    let table = try tool.run(Array(arguments.dropLast()))
    let lines = table.output.split(separator: "\n")
    #expect(lines.contains { $0.hasPrefix("*") } && lines.allSatisfy { $0.count <= 80 })
    #expect(table.output.contains("not pruned"))
  }

  @Test("Weights are pruned by a criterion; images that were seen are said to be; bad settings are refused")
  func settings() throws {
    let tool = try Self.trained()
    func run(_ more: String...) throws -> Tool.Run {
      try tool.run(["sensitivity", "m.safetensors", "--data", "glyphs", "--sparsities", "0.5"] + more)
    }
    let taylor = try run(
      "--method", "weight-pruning", "--criterion", "taylor", "--split", "train", "--images", "128")
    #expect(taylor.status == 0 && taylor.errors.contains("was trained on these images"), "\(taylor.errors)")
    #expect(taylor.output.contains("128 images (train)"))
    #expect(try run("--method", "svd-linear").status == 64)
    #expect(try run("--criterion", "nothing").status == 64)
    #expect(try run("--split", "tset").status == 64)
    #expect(
      try tool.run("sensitivity", "m.safetensors", "--data", "glyphs", "--sparsities", "1.5").status == 64)
  }
}
