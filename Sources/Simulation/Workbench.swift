import Crypto
import Foundation
import Settings
import Tensors

/// The folder in which a program is built and run, and the folder of tools that are kept between runs.
public struct Workbench: Sendable {
  /// The folder, for this run alone; its owner removes it.
  let folder: String
  /// The folder of compiled harnesses and plugins.
  let toolFolder: String
  /// The time limit of a simulation.
  let timeLimit: Duration

  /// The time limit of a compiler.
  static let buildLimit = Duration.seconds(120)

  func path(_ name: String) -> String { folder + "/" + name }

  func write(_ bytes: some Collection<UInt8>, to name: String) throws(SimulationError) {
    do {
      try Data(bytes).write(to: URL(filePath: path(name)))
    } catch {
      throw .file(path: path(name), reason: FileFailure.reason(error, path: path(name)))
    }
  }

  func read(_ name: String) throws(SimulationError) -> [UInt8] {
    do {
      return [UInt8](try Data(contentsOf: URL(filePath: path(name))))
    } catch {
      throw .file(path: path(name), reason: FileFailure.reason(error, path: path(name)))
    }
  }

  /// A run of a program in the folder; throws if the program is missing.
  func tool(
    _ tool: ExternalTool, _ arguments: [String], limit: Duration = buildLimit
  ) throws(SimulationError) -> ToolRun {
    guard let path = tool.path else {
      throw .missing(tools: [tool.name], remedy: tool.remedy)
    }
    return ToolRun(path: path, arguments: arguments, folder: folder, limit: limit)
  }

  /// The first line of a program's output for `--version`.
  func version(of tool: ExternalTool) async throws(SimulationError) -> String {
    let text = try await self.tool(tool, ["--version"]).successfulOutput()
    return text.split(separator: "\n").first.map(String.init) ?? tool.name
  }

  /// The digest of a library's file, as a substitute for a version.
  func digest(of library: ExternalTool) throws(SimulationError) -> String {
    guard let path = library.path, let data = FileManager.default.contents(atPath: path) else {
      throw .missing(tools: [library.name], remedy: "apt-get install \(library.package)")
    }
    return library.name + " " + SHA256.hash(data: data).hexadecimal.prefix(16)
  }
}

extension Workbench {
  /// Copies a file into the folder.
  func copy(_ file: String, to name: String) throws(SimulationError) {
    do {
      try? FileManager.default.removeItem(atPath: path(name))
      try FileManager.default.copyItem(atPath: file, toPath: path(name))
    } catch {
      throw .file(path: path(name), reason: FileFailure.reason(error, path: path(name)))
    }
  }
}
