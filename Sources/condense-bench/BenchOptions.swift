import ArgumentParser
import DNNL
import Execution
import Training

/// The options that `train` and `infer` share.
struct BenchOptions: ParsableArguments {
  @Option(help: "A network from Teachers/ or a path to a spec.")
  var network = "lenet5"
  @Option(help: "Images a step.")
  var batch = 128
  @Option(help: "f32 or bf16.")
  var precision = "f32"
  @Option(help: "Compute threads.")
  var threads = 2
  @Option(help: "Seconds to measure after warming up.")
  var seconds = 4.0
  @Flag(help: "List the kernel of every call.")
  var kernels = false
  @Flag(help: "Time every call.")
  var profile = false
  @Flag(help: "Print JSON.")
  var json = false

  /// The precision as a value.
  func resolvedPrecision() throws -> Precision {
    guard let precision = Precision(rawValue: precision) else {
      throw ValidationError("--precision \(precision): expected f32 or bf16")
    }
    let backend = DNNLBackend()
    guard backend.supports(precision) else {
      throw ValidationError(
        "--precision \(precision.rawValue): needs \(Precision.bf16Instructions), found \(backend.instructionSet)"
      )
    }
    return precision
  }

  func validate() throws {
    guard batch > 0, threads > 0, seconds > 0 else {
      throw ValidationError("--batch, --threads and --seconds must be positive")
    }
  }
}
