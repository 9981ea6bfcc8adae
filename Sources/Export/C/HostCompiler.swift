import Foundation
import Settings

/// The C compiler of this machine, found at run time.
struct HostCompiler: Sendable {
  /// The path of the compiler.
  let path: String

  /// The flags after the program in `$CC`, such as `-m32`.
  let ownFlags: [String]

  /// Finds the compiler of `$CC` if that is set, else the first of cc, gcc and clang on the path; `nil` if
  /// there is none.
  init?(environment: [String: String] = ProcessInfo.processInfo.environment) {
    let words = (environment["CC"] ?? "").split(separator: " ").map(String.init)
    guard let program = words.first else {
      self.init(["cc", "gcc", "clang"])
      return
    }
    self.init([program], ownFlags: Array(words.dropFirst()))
  }

  /// Finds the first of some programs on the path; `nil` if there is none.
  init?(_ names: [String], ownFlags: [String] = []) {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":")
    let places = names.filter { !$0.isEmpty }.flatMap { name in
      name.contains("/") ? [name] : folders.map { "\($0)/\(name)" }
    }
    guard let place = places.first(where: { FileManager.default.isExecutableFile(atPath: $0) }) else {
      return nil
    }
    path = place
    self.ownFlags = ownFlags
  }

  /// The hint for a machine without a compiler.
  static var remedy: String {
    let chosen = ProcessInfo.processInfo.environment["CC"].map { "CC says \"\($0)\", which is no program; " }
    return (chosen ?? "") + "install gcc, or set CC"
  }

  /// Compiles a file; throws with the compiler's output if it fails.
  func compile(
    _ source: String, to product: String, flags: [String], libraries: [String] = []
  ) throws(ProgramFailure) {
    _ = try Self.run(path, ownFlags + flags + [source, "-o", product] + libraries)
  }

  /// Runs a program to its end, in a folder, and returns its standard output.
  static func run(
    _ program: String, _ arguments: [String], in folder: String? = nil
  ) throws(ProgramFailure) -> String {
    let process = Process()
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    if let folder { process.currentDirectoryURL = URL(filePath: folder) }
    process.standardInput = FileHandle.nullDevice
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    do {
      try process.run()
    } catch {
      throw ProgramFailure(
        program: program, text: "cannot be started: \(FileFailure.reason(error, path: program))")
    }
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationReason == .exit, process.terminationStatus == 0 else {
      throw ProgramFailure(
        program: program, text: "status \(process.terminationStatus): \(text.prefix(2000))")
    }
    return text
  }
}

/// A program that could not be run, or that failed.
struct ProgramFailure: Error, CustomStringConvertible {
  /// The program.
  let program: String
  /// The program's output, or the reason.
  let text: String

  /// The program and the text.
  var description: String { "\(program): \(text)" }
}
