import Foundation
import Tensors

/// An exported network compiled for this machine, in a folder of its own.
struct CHostRun {
  /// What compilers are told.
  static let flags = ["-std=c99", "-O2"]

  /// What was exported.
  let source: CSource
  /// Where the exported files lie.
  let folder: String
  /// What compiles them.
  let compiler: HostCompiler
  private let place: String

  /// Makes the folder.
  init(source: CSource, folder: String, compiler: HostCompiler) throws {
    self.source = source
    self.folder = folder
    self.compiler = compiler
    place = NSTemporaryDirectory() + "condense-verify-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: false)
    try Data(CHarness(source: source).program).write(to: URL(filePath: place + "/harness.c"))
  }

  /// Removes the folder.
  func remove() { try? FileManager.default.removeItem(atPath: place) }

  /// How it was run, in words.
  var method: String { "compiled by \(compiler.path) \(Self.flags.joined(separator: " ")) and run here" }

  /// The shape of what is given back.
  var output: Shape { source.plan.network.values[source.plan.network.output].shape }

  /// Runs on inputs as they lie in memory; all outputs, or with `isTraced` those of all steps, one input after another.
  func outputs(of inputs: [UInt8], isTraced: Bool = false) throws -> [UInt8] {
    try Data(inputs).write(to: URL(filePath: place + "/in.bin"))
    let flags = Self.flags + (isTraced ? ["-DTRACE"] : []) + ["-I", folder]
    // What comes behind the source is linked with it.
    let libraries = source.plan.network.element == .float ? ["-lm"] : []
    try compiler.compile(place + "/harness.c", to: place + "/harness", flags: flags, libraries: libraries)
    _ = try HostCompiler.run(place + "/harness", [place + "/in.bin", place + "/out.bin"])
    return [UInt8](try Data(contentsOf: URL(filePath: place + "/out.bin")))
  }
}
