import Foundation
import Settings
import Testing

@testable import condense

@Suite("condense evaluate and predict", .serialized)
struct EvaluateTests {
  private static func trained() throws -> Tool {
    let tool = try Tool()
    try tool.makeGlyphs(count: 400)
    let run = try tool.run("train", "mlp", "--data", "glyphs", "--out", "m.safetensors", "--epochs", "3")
    guard run.status == 0 else { throw CommandFailure(.internal, run.errors) }
    return tool
  }

  @Test("The JSON report has the agreed keys, and its figures agree with each other and with the predictions")
  func report() throws {
    let tool = try Self.trained()
    let run = try tool.run(
      "evaluate", "m.safetensors", "--data", "glyphs", "--json", "--predictions", "p.csv")
    #expect(run.status == 0, "\(run.errors)")
    let node = try run.json
    #expect(node["schema"] == 1.node && node["split"] == "test".node && node["images"] == 80.node)
    #expect(node["arithmetic"] == "float".node)
    for key in ["top1", "top5", "loss", "ece", "imagesPerSecond"] {
      #expect(try node.required(key, of: "report").number(key) >= 0)
    }
    let confusion = try [[Int]](reading: node.required("confusion", of: "report"), key: "confusion")
    let right = confusion.indices.reduce(0) { $0 + confusion[$1][$1] }
    #expect(confusion.joined().reduce(0, +) == 80)
    #expect(try node.required("top1", of: "report").number("top1") == Double(right) / 80)
    #expect(try node.required("perClass", of: "report").list("perClass").count == 10)
    let rows = try tool.text("p.csv").split(whereSeparator: \.isNewline).dropFirst().map {
      $0.split(separator: ",")
    }
    #expect(rows.count == 80)
    #expect(rows.count { $0[1] == $0[2] } == right)
    #expect(rows.allSatisfy { $0[0].hasPrefix("test/") })
  }

  @Test("Images that were trained on are refused, unless all are asked for")
  func seen() throws {
    let tool = try Self.trained()
    let refused = try tool.run("evaluate", "m.safetensors", "--data", "glyphs", "--split", "train")
    #expect(refused.status == 65 && refused.errors.contains("trained on"))
    let all = try tool.run("evaluate", "m.safetensors", "--data", "glyphs", "--split", "all", "--json")
    #expect(try all.json["images"] == 400.node)
    let validation = try tool.run("evaluate", "m.safetensors", "--data", "glyphs", "--split", "val", "--json")
    #expect(try validation.json["images"] == 30.node || validation.json["images"] == 32.node)
  }

  @Test("Data of other classes is refused by name, and so is what is no model")
  func foreign() throws {
    let tool = try Self.trained()
    let test = tool.folder + "/glyphs/test"
    let name = try #require(FileManager.default.contentsOfDirectory(atPath: test).sorted().first)
    for split in ["train", "test"] {
      try FileManager.default.moveItem(
        atPath: tool.folder + "/glyphs/\(split)/\(name)", toPath: tool.folder + "/glyphs/\(split)/zebra")
    }
    let refused = try tool.run("evaluate", "m.safetensors", "--data", "glyphs")
    #expect(refused.status == 65 && refused.errors.contains("knows no class zebra"), "\(refused.errors)")
    try Data("no model".utf8).write(to: URL(filePath: tool.folder + "/text.safetensors"))
    #expect(try tool.run("evaluate", "text.safetensors", "--data", "glyphs").status == 65)
    #expect(try tool.run("evaluate", "none.safetensors", "--data", "glyphs").status == 65)
    #expect(try tool.run("evaluate", "m.safetensors", "--data", "glyphs", "--split", "tset").status == 64)
  }

  @Test("A prediction of an image is that of the evaluation")
  func predict() throws {
    let tool = try Self.trained()
    _ = try tool.run("evaluate", "m.safetensors", "--data", "glyphs", "--predictions", "p.csv")
    let rows = try tool.text("p.csv").split(whereSeparator: \.isNewline).dropFirst().map {
      $0.split(separator: ",")
    }
    for row in rows.prefix(3) {
      let run = try tool.run("predict", "m.safetensors", "glyphs/\(row[0])", "--json", "--top", "3")
      let classes = try run.json.required("predictions", of: "run").list("predictions")[0]
        .required("classes", of: "prediction").list("classes")
      #expect(classes.count == 3)
      #expect(classes[0]["class"] == String(row[2]).node)
      let probability = try classes[0].required("probability", of: "class").number("probability")
      #expect(try abs(probability - #require(Double(row[3]))) < 1e-4)
    }
    let refused = try tool.run("predict", "m.safetensors", "p.csv")
    #expect(refused.status == 65 && refused.errors.contains("p.csv") && refused.output.isEmpty)
    let images = ["glyphs/\(rows[0][0])", "p.csv", "none.png", "glyphs/\(rows[1][0])"]
    let mixed = try tool.run(["predict", "m.safetensors"] + images)
    #expect(mixed.status == 65)
    let lines = mixed.output.split(separator: "\n")
    #expect(lines.count == 2 && lines[0].hasPrefix(images[0] + ": ") && lines[1].hasPrefix(images[3] + ": "))
    #expect(
      mixed.errors.contains("p.csv: ") && mixed.errors.contains("none.png: cannot be read: no such file"))
    #expect(mixed.errors.contains("2 of 4 images could not be read"))
    let entries = try tool.run(["predict", "m.safetensors", "--json"] + images).json
      .required("predictions", of: "run").list("predictions")
    #expect(try entries.map { try $0.required("image", of: "entry").string("image") } == images)
    #expect(entries.map { $0["classes"] != nil } == [true, false, false, true])
    #expect(entries.map { $0["error"] != nil } == [false, true, true, false])
  }
}
