import DNNL
import Execution
import Foundation

/// The result of a measurement, as JSON or text; other programs rely on its keys.
struct BenchReport: Encodable {
  /// A kernel of the plan.
  struct Kernel: Encodable {
    let node: String
    let pass: String
    let implementation: String
    /// The shortest time of one call; `nil` if calls were not timed.
    var microseconds: Double?
  }

  /// The allocations of one step after warm-up.
  struct Allocations: Encodable {
    let own: Int
    let library: Int
  }

  /// The times of steps without and with a teacher, from one run.
  struct Distilled: Encodable {
    let plain: Double
    let distilled: Double
    let ratio: Double

    private enum CodingKeys: String, CodingKey {
      case plain = "plain_ms_per_step"
      case distilled = "distilled_ms_per_step"
      case ratio
    }
  }

  /// The times of another program, which took turns with this one.
  struct Peer: Encodable {
    let name: String
    /// The median of the rounds' medians, in milliseconds.
    let msPerStep: Double
    /// The peer's time divided by that of Condense.
    let ratio: Double
    /// The median of each round, in milliseconds.
    let rounds: [Double]
    let ourRounds: [Double]
    let operators: [String: Int]

    private enum CodingKeys: String, CodingKey {
      case name
      case msPerStep = "ms_per_step"
      case ratio
      case rounds = "rounds_ms_per_step"
      case ourRounds = "condense_rounds_ms_per_step"
      case operators
    }

    init?(_ timings: [ONNXRuntimePeer.Timing], beside ours: [Double]) {
      guard let first = timings.first, !ours.isEmpty else { return nil }
      name = "onnxruntime \(first.version)"
      rounds = timings.map(\.msPerStep)
      ourRounds = ours
      operators = first.operators
      msPerStep = Timings(rounds).median
      ratio = msPerStep / Timings(ours).median
    }
  }

  let schema = 1
  let command: String
  let network: String
  let batch: Int
  let precision: String
  let threads: Int
  let instructionSet: String
  let onednn: String
  /// The arithmetic, `integer` or `float`; `nil` if the benchmark has only one.
  var arithmetic: String?
  var msPerStep = 0.0
  var min = 0.0
  var p90 = 0.0
  var steps = 0
  var referenceKernels = 0
  var losses: [Double]?
  var allocationsPerStep: Allocations?
  var distilled: Distilled?
  var kernels: [Kernel]?
  var peer: Peer?

  private enum CodingKeys: String, CodingKey {
    case schema, command, network, batch, precision, threads, instructionSet, onednn, arithmetic
    case msPerStep = "ms_per_step"
    case min, p90, steps
    case referenceKernels = "reference_kernels"
    case losses
    case allocationsPerStep = "allocations_per_step"
    case distilled = "distill"
    case kernels, peer
  }

  init(_ command: String, _ options: BenchOptions) {
    let backend = DNNLBackend()
    self.command = command
    network = options.network
    batch = options.batch
    precision = options.precision
    threads = options.threads
    instructionSet = backend.instructionSet
    onednn = backend.version
  }

  mutating func set(_ timings: Timings) {
    msPerStep = timings.median
    min = timings.minimum
    p90 = timings.p90
    steps = timings.count
  }

  mutating func set(_ kernels: [KernelDescription], list: Bool) {
    referenceKernels = kernels.count { $0.implementation.hasPrefix("ref") }
    guard list else { return }
    self.kernels = kernels.map { Kernel(node: $0.node, pass: $0.pass, implementation: $0.implementation) }
  }

  func write(json: Bool) throws {
    guard json else { return writeText() }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    print(String(decoding: try encoder.encode(self), as: UTF8.self))
  }

  private func writeText() {
    print(
      String(
        format: "%@ %@ batch %d on %d threads: %.3f ms (fastest %.3f, p90 %.3f, %d steps)", network,
        arithmetic == "integer" ? "integers" : precision,
        batch, threads, msPerStep, min, p90, steps))
    print("oneDNN \(onednn), \(instructionSet), \(referenceKernels) reference kernels")
    if let distilled {
      print(
        String(
          format: "plain %.3f ms, on stored logits %.3f ms: %.3f times", distilled.plain, distilled.distilled,
          distilled.ratio))
    }
    if let peer {
      print(
        String(
          format: "%@: %.3f ms, %.2f times as long (medians of %d rounds in turns)", peer.name,
          peer.msPerStep,
          peer.ratio, peer.rounds.count))
    }
    if let losses { print("loss", losses.map { String(format: "%.4f", $0) }.joined(separator: " ")) }
    if let allocationsPerStep {
      print(
        "allocations in a step: \(allocationsPerStep.own) own, \(allocationsPerStep.library) in oneDNN and libgomp"
      )
    }
    for kernel in kernels ?? [] {
      let time = kernel.microseconds.map { String(format: "%9.0f us  ", $0) } ?? ""
      print(time + kernel.node, kernel.pass, kernel.implementation)
    }
  }
}
