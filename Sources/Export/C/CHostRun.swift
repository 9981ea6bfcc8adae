import Foundation
import Settings
import Tensors

/// An exported network compiled for this machine, in its own temporary folder.
struct CHostRun {
  /// The compiler's flags.
  static let flags = ["-std=c99", "-O2"]

  /// The exported source.
  let source: CSource
  /// The folder of the exported files.
  let folder: String
  /// The compiler.
  let compiler: HostCompiler
  private let place: String

  /// Makes the folder.
  init(source: CSource, folder: String, compiler: HostCompiler) throws {
    self.source = source
    self.folder = folder
    self.compiler = compiler
    place = ExportScratch.work()
    try Self.disk(place, "; TMPDIR names the folder for such files") {
      try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: false)
    }
    do {
      try write(CHarness(source: source).program, to: "harness.c")
    } catch {
      remove()
      throw error
    }
  }

  /// Removes the folder.
  func remove() { try? FileManager.default.removeItem(atPath: place) }

  /// The description of the run.
  var method: String { "compiled by \(compiler.path) \(Self.flags.joined(separator: " ")) and run here" }

  /// The shape of the output.
  var output: Shape { source.plan.network.values[source.plan.network.output].shape }

  /// Runs the program on inputs in memory order; returns all outputs, or with `isTraced` those of all steps,
  /// input by input.
  func outputs(of inputs: [UInt8], isTraced: Bool = false) throws -> [UInt8] {
    try write(inputs, to: "in.bin")
    let flags = Self.flags + (isTraced ? ["-DTRACE"] : []) + ["-I", folder]
    // Linkers need libraries after the source that uses them.
    let libraries = source.plan.network.element == .float ? ["-lm"] : []
    try compiler.compile(place + "/harness.c", to: place + "/harness", flags: flags, libraries: libraries)
    _ = try HostCompiler.run(place + "/harness", [place + "/in.bin", place + "/out.bin"])
    let outputs = try Self.disk(place + "/out.bin") {
      [UInt8](try Data(contentsOf: URL(filePath: place + "/out.bin")))
    }
    let expected = inputs.count / inputBytes * outputBytes(isTraced: isTraced)
    guard outputs.count == expected else {
      throw ProgramFailure(
        program: place + "/harness",
        text:
          "wrote \(outputs.count) bytes of outputs, expected \(expected); is \(compiler.path) a compiler for this machine?"
      )
    }
    return outputs
  }

  private var inputBytes: Int {
    let network = source.plan.network
    return network.values[network.input].shape.count * network.element.byteCount
  }

  /// The bytes of an input's outputs, or with `isTraced` of the outputs of all its steps.
  private func outputBytes(isTraced: Bool) -> Int {
    let network = source.plan.network
    let values = isTraced ? source.plan.steps.map(\.step.output) : [network.output]
    return values.reduce(0) { $0 + network.values[$1].shape.count } * network.element.byteCount
  }

  private func write(_ bytes: [UInt8], to name: String) throws {
    let path = place + "/" + name
    try Self.disk(path) { try Data(bytes).write(to: URL(filePath: path)) }
  }

  /// Runs a body and gives errors of the file system in words.
  private static func disk<R>(_ path: String, _ hint: String = "", _ body: () throws -> R) throws -> R {
    do {
      return try body()
    } catch {
      throw ProgramFailure(program: path, text: FileFailure.reason(error, path: path) + hint)
    }
  }
}
