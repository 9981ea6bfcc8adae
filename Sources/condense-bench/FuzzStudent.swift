import ArgumentParser
import Encodings
import Execution
import Graphs
import Settings
import Tensors

/// The benchmark `fuzz-student`: passes damaged student files to the reader; best built with the address
/// sanitizer.
///
/// Each file must be refused with a typed error, or give a model that verifies and survives another round
/// trip. The model's integer program must run or be refused.
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
    let plain = try [FuzzedModels.convolutional(seed: seed), FuzzedModels.branched(seed: seed)]
    // The models have few parameters, so each copy begins with another encoding.
    let models = [0, 5, 10].flatMap { first in
      plain.flatMap {
        [FuzzedModels.encoded($0, from: first), FuzzedModels.integers($0, from: first)]
      }
    }
    let files = try models.enumerated().map { index, model in
      try StudentFile.bytes(of: model, coded: index / 2 % 2 == 0)
    }
    let report = FuzzTally.report(
      of: "fuzz-student", files: files, count: count, seed: seed, mutated: StudentFileMutation.mutated,
      read: { bytes throws(ModelFileError) in
        let model = try StudentFile.read(bytes: bytes, file: "m")
        Self.runInIntegers(model.graph)
        return model
      },
      write: { model throws(ModelFileError) in try StudentFile.bytes(of: model, coded: true) })
    print(json ? report.node.prettyJSON : report.node.canonicalJSON)
    if report.isBroken { throw ExitCode(70) }
  }

  /// Runs the integer program of a network, if it has one, on an image of zeros; a large program is only
  /// created.
  private static func runInIntegers(_ graph: Graph) {
    guard let program = try? IntegerProgram(graph), graph.multiplyAdds < 1 << 20 else { return }
    guard program.values.allSatisfy({ $0.shape.count < 1 << 16 }) else { return }
    _ = program.values(of: program.inputs.map { Array(repeating: 0, count: program.values[$0].shape.count) })
  }
}
