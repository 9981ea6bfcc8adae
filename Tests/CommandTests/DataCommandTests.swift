import Foundation
import Settings
import Testing

/// The built program, beside the tests.
private enum Program {
  struct Result {
    let status: Int32
    let output: String
    let errors: String
  }

  static func run(_ arguments: [String], in folder: String, environment: [String: String] = [:]) throws
    -> Result
  {
    let process = Process()
    process.executableURL = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
      .appending(path: "condense")
    process.arguments = arguments
    process.currentDirectoryURL = URL(filePath: folder)
    process.environment = ProcessInfo.processInfo.environment
      .merging(["CONDENSE_CACHE": folder + "/cache"]) { $1 }.merging(environment) { $1 }
    let errors = folder + "/errors-\(UUID().uuidString)"
    try Data().write(to: URL(filePath: errors))
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle(forWritingAtPath: errors)
    try process.run()
    let text = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return Result(
      status: process.terminationStatus, output: String(decoding: text, as: UTF8.self),
      errors: try String(contentsOfFile: errors, encoding: .utf8))
  }
}

@Suite("condense data")
final class DataCommandTests {
  let folder = FileManager.default.temporaryDirectory.path() + "/condense-command-" + UUID().uuidString

  init() throws { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  @Test("make draws a set that check finds nothing wrong with; a damaged file makes it exit with 65")
  func makeAndCheck() throws {
    let made = try Program.run(["data", "make", "glyphs", "--out", "g", "--count", "100"], in: folder)
    #expect(made.status == 0 && made.output.isEmpty)
    let clean = try Program.run(["data", "check", "g", "--json"], in: folder)
    #expect(clean.status == 0)
    let report = try SettingsNode(yaml: clean.output, source: "check")
    #expect(report["schema"]?.content == .integer(1) && report["images"]?.content == .integer(100))
    #expect(report["classes"]?.content == .integer(10) && report["problems"]?.content == .list([]))
    #expect(report["pixels"] == nil)
    try Data("not an image".utf8).write(to: URL(filePath: folder + "/g/train/wave/00000.png"))
    let broken = try Program.run(["data", "check", "g", "--json", "--pixels"], in: folder)
    #expect(broken.status == 65)
    let problems = try #require(SettingsNode(yaml: broken.output, source: "check")["problems"]).list(
      "problems")
    #expect(problems.count == 1 && problems[0]["kind"]?.content == .string("unreadable"))
    #expect(problems[0]["file"]?.content == .string("train/wave/00000.png"))
    let pixels = try #require(SettingsNode(yaml: broken.output, source: "check")["pixels"]).list("pixels")
    #expect(pixels.count == 99 && pixels[0]["width"]?.content == .integer(28))
    let allowed = try Program.run(["data", "check", "g", "--allow", "unreadable"], in: folder)
    #expect(allowed.status == 0 && allowed.output.hasPrefix("unreadable\ttrain/wave/00000.png\t"))
  }

  @Test("stats counts classes and draws a contact sheet")
  func stats() throws {
    _ = try Program.run(["data", "make", "glyphs", "--out", "g", "--count", "100"], in: folder)
    let stats = try Program.run(["data", "stats", "g", "--json", "--sheet", "sheet.png"], in: folder)
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
    let nowhere = try Program.run(["data", "check", "nowhere"], in: folder)
    #expect(nowhere.status == 65 && nowhere.errors.contains("nowhere: no such data set"))
    #expect(try Program.run(["data", "make", "cats", "--out", "c"], in: folder).status == 64)
    try FileManager.default.createDirectory(atPath: folder + "/Data", withIntermediateDirectories: true)
    try Data("summary: s\norigin: o\nlicense: l\npath: a.tar\nurl: file:///nowhere\n".utf8)
      .write(to: URL(filePath: folder + "/Data/pets.yaml"))
    let missing = try Program.run(
      ["data", "fetch", "pets", "--to", "to"], in: folder, environment: ["PATH": folder])
    #expect(missing.status == 69 && missing.errors.contains("curl: not found"))
    let absent = try Program.run(["data", "stats", "pets"], in: folder)
    #expect(absent.status == 69 && absent.errors.contains("condense data fetch pets"))
  }
}
