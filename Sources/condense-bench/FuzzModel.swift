import ArgumentParser
import Graphs
import Ops
import Settings

/// The benchmark `fuzz-model`: passes damaged model files to the reader; best built with the address
/// sanitizer.
///
/// Each file must be refused with a typed error, or give a model that verifies and survives another round
/// trip.
struct FuzzModelCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fuzz-model", abstract: "Read damaged model files; run it under the address sanitizer.")

  @Option(help: "How many files.")
  var count = 200_000

  @Option(help: "The seed of the damage.")
  var seed: UInt64 = 1

  @Option(help: "Write the unharmed file here, for other readers of safetensors.")
  var sample: String?

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    let models = try [FuzzedModels.convolutional(seed: seed), FuzzedModels.branched(seed: seed)]
    if let sample { try ModelFile.write(models[0], to: sample) }
    let files = try models.map { try ModelFile.bytes(of: $0) }
    let report = FuzzTally.report(
      of: "fuzz-model", files: files, count: count, seed: seed, mutated: FileMutation.mutated,
      read: { bytes throws(ModelFileError) in
        try ModelFile.read(bytes: bytes, file: "m", catalogue: .standard)
      }, write: { model throws(ModelFileError) in try ModelFile.bytes(of: model) })
    print(json ? report.node.prettyJSON : report.node.canonicalJSON)
    if report.isBroken { throw ExitCode(70) }
  }
}
