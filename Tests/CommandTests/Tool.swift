import Datasets
import Foundation
import Settings
import TestSupport

/// The built `condense` executable, run as a user runs it, with a private folder and cache.
final class Tool {
  /// The result of a run.
  struct Run {
    let status: Int32
    let output: String
    let errors: String

    /// The standard output as JSON.
    var json: SettingsNode {
      get throws { try SettingsNode(json: output, source: "standard output") }
    }
  }

  let folder: String

  init() throws {
    folder = FileManager.default.temporaryDirectory.path() + "/condense-tool-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  /// The executable, which is in the folder of the tests.
  static let executable = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
    .deletingLastPathComponent()
    .appending(path: "condense")
  /// The checkout from which the tests were built.
  static let checkout = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// Draws a data set of ten classes.
  func makeGlyphs(count: Int) throws {
    try GlyphMaker(seed: 1, count: count, difficulty: 0).write(to: folder + "/glyphs", threads: 2)
  }

  /// Starts a command without waiting for it, with its output in files.
  ///
  /// With `processor`, the command runs on an emulated processor.
  func start(
    _ arguments: [String], name: String = "run", environment: [String: String] = [:],
    on processor: EmulatedProcessor? = nil, input: FileHandle? = nil
  ) throws -> Process {
    let process = Process()
    process.executableURL = processor == nil ? Self.executable : EmulatedProcessor.program
    process.arguments = processor?.arguments([Self.executable.path] + arguments) ?? arguments
    process.currentDirectoryURL = URL(filePath: folder)
    process.environment = ProcessInfo.processInfo.environment.merging([
      "CONDENSE_CACHE": folder + "/cache", "CONDENSE_HOME": Self.checkout.path, "OMP_WAIT_POLICY": "passive",
    ]) { $1 }.merging(environment) { $1 }
    if let input { process.standardInput = input }
    process.standardOutput = try handle(name + ".out")
    process.standardError = try handle(name + ".err")
    try process.run()
    return process
  }

  /// Runs a command and waits for its end.
  func run(_ arguments: String...) throws -> Run { try run(arguments) }

  /// Runs a command and waits for its end.
  func run(
    _ arguments: [String], environment: [String: String] = [:], on processor: EmulatedProcessor? = nil
  ) throws -> Run {
    let name = UUID().uuidString
    let process = try start(arguments, name: name, environment: environment, on: processor)
    process.waitUntilExit()
    return Run(
      status: process.terminationStatus, output: try text(name + ".out"), errors: try text(name + ".err"))
  }

  /// The text of a file in the folder.
  func text(_ name: String) throws -> String {
    try String(contentsOfFile: folder + "/" + name, encoding: .utf8)
  }

  /// The bytes of a file in the folder.
  func bytes(_ name: String) throws -> Data { try Data(contentsOf: URL(filePath: folder + "/" + name)) }

  func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: folder + "/" + name) }

  /// The lines of a model's metrics file, without values that depend on the clock.
  func metrics(_ model: String) -> [String] {
    let text = (try? text(model + ".metrics.jsonl")) ?? ""
    return text.split(separator: "\n").map {
      String($0.prefix(upTo: $0.range(of: ",\"imagesPerSecond\"")?.lowerBound ?? $0.endIndex))
    }
  }

  private func handle(_ name: String) throws -> FileHandle {
    _ = FileManager.default.createFile(atPath: folder + "/" + name, contents: nil)
    return try FileHandle(forWritingTo: URL(filePath: folder + "/" + name))
  }
}
