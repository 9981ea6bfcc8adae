import Foundation
import Settings
import Testing

@Suite("condense data")
struct DataCommandTests {
  private let tool: Tool
  private var folder: String { tool.folder }

  init() throws { tool = try Tool() }

  @Test("make draws a set that check finds nothing wrong with; a damaged file makes it exit with 65")
  func makeAndCheck() throws {
    let made = try tool.run(["data", "make", "glyphs", "--out", "g", "--count", "100"])
    #expect(made.status == 0 && made.output.isEmpty)
    let clean = try tool.run(["data", "check", "g", "--json"])
    #expect(clean.status == 0)
    let report = try SettingsNode(yaml: clean.output, source: "check")
    #expect(report["schema"]?.content == .integer(1) && report["images"]?.content == .integer(100))
    #expect(report["classes"]?.content == .integer(10) && report["problems"]?.content == .list([]))
    #expect(report["pixels"] == nil)
    try Data("not an image".utf8).write(to: URL(filePath: folder + "/g/train/wave/00000.png"))
    let broken = try tool.run(["data", "check", "g", "--json", "--pixels"])
    #expect(broken.status == 65)
    let problems = try #require(SettingsNode(yaml: broken.output, source: "check")["problems"]).list(
      "problems")
    #expect(problems.count == 1 && problems[0]["kind"]?.content == .string("unreadable"))
    #expect(problems[0]["file"]?.content == .string("train/wave/00000.png"))
    let pixels = try #require(SettingsNode(yaml: broken.output, source: "check")["pixels"]).list("pixels")
    #expect(pixels.count == 99 && pixels[0]["width"]?.content == .integer(28))
    let allowed = try tool.run(["data", "check", "g", "--allow", "unreadable"])
    #expect(allowed.status == 0 && allowed.output.hasPrefix("unreadable\ttrain/wave/00000.png\t"))
  }

  @Test("stats counts classes and draws a contact sheet")
  func stats() throws {
    _ = try tool.run(["data", "make", "glyphs", "--out", "g", "--count", "100"])
    let stats = try tool.run(["data", "stats", "g", "--json", "--sheet", "sheet.png"])
    #expect(stats.status == 0 && stats.errors.contains("splits as the data gives them"))
    let report = try SettingsNode(yaml: stats.output, source: "stats")
    let classes = try #require(report["classes"]).list("classes")
    #expect(classes.map { $0["name"]?.content }.first == .string("arrow") && classes.count == 10)
    #expect(classes.allSatisfy { $0["test"]?.content == .integer(2) })
    let sheet = try Data(contentsOf: URL(filePath: folder + "/sheet.png"))
    #expect(sheet.starts(with: [0x89, 0x50, 0x4E, 0x47]))
  }

  @Test("bad input ends with 65, bad usage with 64, a missing curl with 69, and says what to do")
  func failures() throws {
    let nowhere = try tool.run(["data", "check", "nowhere"])
    #expect(nowhere.status == 65 && nowhere.errors.contains("nowhere: no such data set"))
    let pixels = try tool.run(["data", "check", "nowhere", "--pixels"])
    #expect(pixels.status == 64 && pixels.errors.contains("--pixels needs --json"))
    #expect(try tool.run(["data", "make", "cats", "--out", "c"]).status == 64)
    try FileManager.default.createDirectory(atPath: folder + "/Data", withIntermediateDirectories: true)
    try Data("summary: s\norigin: o\nlicense: l\npath: a.tar\nurl: file:///nowhere\n".utf8)
      .write(to: URL(filePath: folder + "/Data/pets.yaml"))
    let missing = try tool.run(
      ["data", "fetch", "pets", "--to", "to"], environment: ["PATH": folder])
    #expect(missing.status == 69 && missing.errors.contains("curl: not found"))
    let absent = try tool.run(["data", "stats", "pets"])
    #expect(absent.status == 69 && absent.errors.contains("condense data fetch pets"))
  }
}
