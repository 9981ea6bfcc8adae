import Foundation
import Settings
import Testing

@Suite("condense fit")
struct FitCommandTests {
  private let tool: Tool

  init() throws {
    tool = try Tool()
    try tool.makeGlyphs(count: 600)
  }

  @Test("finds a student within limits, exports it verified, and called again trains nothing")
  func fits() throws {
    let arguments = [
      "fit", "glyphs", "--target", "uno", "--ram", "2k", "--latency", "3s", "--time-limit", "60s", "--margin",
      "100",
      "--out", "f", "--json",
    ]
    let first = try tool.run(arguments)
    #expect(first.status == 0, "\(first.errors)")
    let node = try SettingsNode(json: first.output, source: "fit.json")
    let flash = try #require(node["flashBytes"]).number("flashBytes")
    let ram = try #require(node["ramBytes"]).number("ramBytes")
    #expect(flash <= 32256 && ram <= 2048)
    #expect(try #require(node["latencyMs"]).number("latencyMs") <= 3000)
    let exports = try #require(node["exports"]).list("exports")
    #expect(try exports.map { try #require($0["format"]).string("format") } == ["c", "tflite"])
    let files = FileManager.default
    for file in ["export/student.condensed", "export/c/network.c", "report.html", "fit.json", "recipe.yaml"] {
      #expect(files.fileExists(atPath: tool.folder + "/f/" + file), "\(file)")
    }
    let again = try tool.run(arguments)
    #expect(again.status == 0 && again.output == first.output, "\(again.errors)")
    let other = try tool.run(arguments.map { $0 == "3s" ? "2s" : $0 })
    #expect(other.status == 64 && other.errors.contains("another request"), "\(other.errors)")
  }

  @Test("refuses what no student can keep, with the nearest, and arguments that mean nothing")
  func refusals() throws {
    let small = try tool.run(
      "fit", "glyphs", "--target", "uno", "--ram", "200", "--time-limit", "20s", "--out", "g")
    #expect(small.status == 1 && small.errors.contains("least RAM"), "\(small.errors)")
    for (option, value) in [
      ("--ram", "0"), ("--flash", "12 apples"), ("--latency", "0"), ("--time-limit", "soon"), ("--side", "4"),
    ] {
      let wrong = try tool.run("fit", "glyphs", "--target", "uno", option, value)
      #expect(wrong.status == 64 && wrong.errors.contains(option), "\(wrong.errors)")
    }
    let unknown = try tool.run("fit", "glyphs", "--target", "unos", "--time-limit", "20s", "--out", "h")
    #expect(unknown.status == 65 && unknown.errors.contains("uno"), "\(unknown.errors)")
  }
}
