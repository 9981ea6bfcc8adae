import ArgumentParser
import Encodings
import Export
import Graphs
import Settings

/// The benchmark `fuzz-tflite`: passes damaged .tflite files to the reader; best built with the address
/// sanitizer.
///
/// Each file must be refused with a typed error, or give a model that verifies and comes back equal from a
/// student file.
struct FuzzTFLiteCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fuzz-tflite",
    abstract: "Read damaged TensorFlow Lite files; run it under the address sanitizer.")

  @Option(help: "How many files.")
  var count = 200_000

  @Option(help: "The seed of the damage.")
  var seed: UInt64 = 1

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    let plain = try FuzzedModels.convolutional(seed: seed)
    let files = try [plain, FuzzedModels.integers(plain, from: 2)].map { model in
      try TFLiteExporter().artifact(of: model, ExportOptions()).model.bytes
    }
    let report = FuzzTally.report(
      of: "fuzz-tflite", files: files, count: count, seed: seed, mutated: FileMutation.mutated,
      read: { bytes throws(ModelFileError) in
        guard TFLiteFile.isBeginning(bytes) else { return try StudentFile.read(bytes: bytes, file: "m") }
        return try TFLiteFile.read(bytes: bytes, file: "m", ImportOptions(needsNormalization: false)).model
      }, write: { model throws(ModelFileError) in try StudentFile.bytes(of: model, coded: true) })
    print(json ? report.node.prettyJSON : report.node.canonicalJSON)
    if report.isBroken { throw ExitCode(70) }
  }
}
