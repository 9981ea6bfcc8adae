import ArgumentParser
import Encodings
import Graphs
import Settings

/// `condense-bench fuzz-student`: damaged student files through the reader, best built with the address sanitizer.
///
/// Each file must be refused with a typed error, or give a model that verifies and survives another round trip.
struct FuzzStudentCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fuzz-student", abstract: "Read damaged student files; run it under the address sanitizer.")

  @Option(help: "How many files.")
  var count = 200_000

  @Option(help: "The seed of the damage.")
  var seed: UInt64 = 1

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    let models = try [FuzzedModels.convolutional(seed: seed), FuzzedModels.branched(seed: seed)]
      .map(FuzzedModels.encoded)
    let files = try models.enumerated().map { index, model in
      try StudentFile.bytes(of: model, coded: index % 2 == 0)
    }
    let report = FuzzTally.report(
      of: "fuzz-student", files: files, count: count, seed: seed, mutated: StudentFileMutation.mutated,
      read: { bytes throws(ModelFileError) in try StudentFile.read(bytes: bytes, file: "m") },
      write: { model throws(ModelFileError) in try StudentFile.bytes(of: model, coded: true) })
    print(json ? report.node.prettyJSON : report.node.canonicalJSON)
    if report.isBroken { throw ExitCode(70) }
  }
}
