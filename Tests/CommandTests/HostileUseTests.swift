import Foundation
import Settings
import Testing

@Suite("Commands on what is damaged, full or endless")
struct HostileUseTests {
  /// Runs a line of shell in which `"$0"` is the tool's executable.
  private func shell(_ line: String, in folder: String) throws -> (status: Int32, errors: String) {
    let process = Process()
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = ["-c", line, Tool.executable.path]
    process.currentDirectoryURL = URL(filePath: folder)
    let errors = Pipe()
    process.standardError = errors
    try process.run()
    let said = errors.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: said, as: UTF8.self))
  }

  @Test("Where results cannot be written the command fails and says so", arguments: [">/dev/full", ">&-"])
  func fullOutput(redirection: String) throws {
    let tool = try Tool()
    let run = try shell("\"$0\" list ops \(redirection)", in: tool.folder)
    #expect(run.status == 70)
    #expect(run.errors.hasPrefix("condense: standard output: cannot be written"))
  }

  @Test("Where messages cannot be written the work is done all the same", arguments: ["2>/dev/full", "2>&-"])
  func fullErrors(redirection: String) throws {
    let tool = try Tool()
    let run = try shell(
      "\"$0\" data make glyphs --out glyphs --count 100 \(redirection)", in: tool.folder)
    #expect(run.status == 0)
    #expect(tool.exists("glyphs/dataset.yaml"))
  }

  @Test("A folder where a file belongs is called a folder")
  func folders() throws {
    let tool = try Tool()
    try tool.makeGlyphs(count: 100)
    let run = try tool.run("evaluate", "glyphs", "--data", "glyphs")
    #expect(run.status == 65)
    #expect(
      run.errors.contains("glyphs: cannot be read: it is a folder, expected a model file"), "\(run.errors)")
    #expect(try tool.run("show", "./glyphs").errors.contains("folder"))
    let spec = try tool.run("train", "./glyphs", "--data", "glyphs", "--out", "m")
    #expect(spec.status == 65 && spec.errors.contains("it is a folder"), "\(spec.errors)")
  }

  @Test("An archive that is cut off is reported as JSON with exit code 65")
  func cutArchive() throws {
    let tool = try Tool()
    try Data([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3]).write(
      to: URL(filePath: tool.folder + "/cut.tar.gz"))
    let run = try tool.run("data", "check", "cut.tar.gz", "--json")
    #expect(run.status == 65)
    #expect(try run.json["images"]?.integer("images") == 0)
    let problems = try run.json.required("problems", of: "a check").list("problems")
    #expect(problems.map { $0["kind"] } == ["unreadable".node])
  }
}
