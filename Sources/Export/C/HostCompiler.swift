import Foundation
import Settings

/// The C compiler of this machine, found when it is needed.
struct HostCompiler: Sendable {
  /// Where it is.
  let path: String

  /// What stands behind the program in `$CC`, such as `-m32`.
  let ownFlags: [String]

  /// That of `$CC`, where it is set, else the first of cc, gcc and clang on the path; `nil` where there is none.
  init?(environment: [String: String] = ProcessInfo.processInfo.environment) {
    let words = (environment["CC"] ?? "").split(separator: " ").map(String.init)
    guard let program = words.first else {
      self.init(["cc", "gcc", "clang"])
      return
    }
    self.init([program], ownFlags: Array(words.dropFirst()))
  }

  /// The first of some programs that is on the path; `nil` where there is none.
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

  /// What to do where there is none.
  static var remedy: String {
    let chosen = ProcessInfo.processInfo.environment["CC"].map { "CC says \"\($0)\", which is no program; " }
    return (chosen ?? "") + "install gcc, or set CC"
  }

  /// Translates a file; what the compiler says where it refuses.
  func compile(
    _ source: String, to product: String, flags: [String], libraries: [String] = []
  ) throws(ProgramFailure) {
    _ = try Self.run(path, ownFlags + flags + [source, "-o", product] + libraries)
  }

  /// Runs a program to its end, in a folder; what it wrote to standard output.
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
  /// What it said.
  let text: String

  /// Program and words.
  var description: String { "\(program): \(text)" }
}
