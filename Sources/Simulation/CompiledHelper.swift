import Crypto
import Foundation
import Settings
import Tensors

/// A program or plugin whose source is part of this program and which is compiled once on this machine.
///
/// simavr is under the GPL, so the code that links it is a separate program, which is run and never linked
/// with Condense.
struct CompiledHelper: Sendable {
  /// The name of the file.
  let name: String
  /// The source in C.
  let source: [UInt8]
  /// The compiler's flags before the source, and the libraries after it.
  let flags, libraries: [String]

  /// The path of the compiled file in the bench's folder of tools; compiles it if it is missing.
  func path(_ bench: Workbench) async throws(SimulationError) -> String {
    let compiler = try await bench.version(of: .hostCompiler)
    let key = ([compiler] + flags + libraries).joined(separator: "\n") + "\n"
    let address = SHA256.hash(data: Data(key.utf8) + Data(source)).hexadecimal.prefix(24)
    let path = "\(bench.toolFolder)/\(address)-\(name)"
    if FileManager.default.fileExists(atPath: path) { return path }
    try bench.write(source, to: name + ".c")
    let arguments = flags + ["-o", name, name + ".c"] + libraries
    _ = try await bench.tool(.hostCompiler, arguments).successfulOutput()
    try put(bench.path(name), at: path)
    return path
  }

  /// Moves the file to its place in one step; another process that compiled it at the same time made the same
  /// file.
  private func put(_ file: String, at path: String) throws(SimulationError) {
    do {
      try WholeFile.publish(path) { part in
        try? FileManager.default.removeItem(atPath: part)
        try FileManager.default.moveItem(atPath: file, toPath: part)
      }
    } catch {
      let reason = (error as? SystemError).map { "cannot be put there: \($0)" }
      throw .file(path: path, reason: reason ?? FileFailure.reason(error, path: path))
    }
  }
}
