import ArgumentParser
import CProcess
import DNNL
import Encodings
import Execution
import Export
import Graphs
import Integers
import Settings

/// Times inference with folded batch norms and fused activations, in integers if all values of a student are.
struct InferBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "infer", abstract: "Milliseconds of an inference pass on a batch in memory.",
    discussion: """
      A student whose values are all integers is computed in integers, as `condense evaluate` does. --bytes makes one of a
      network with weights at random. --against times the same model, exported as ONNX, in onnxruntime, in turns, and
      prints onnxruntime's time over Condense's: medians of the rounds.
      """)

  @OptionGroup var options: BenchOptions

  @Option(help: "A student file to time instead of a network.")
  var student: String?

  @Flag(help: "Quantize the network to signed bytes first, calibrated on a synthetic batch.")
  var bytes = false

  @Option(help: "A Python that imports onnxruntime, to be timed beside.")
  var against: String?

  @Option(
    help:
      "With --against: bytes of weights as `condense export --set onnx.weights=…` has them; signed is the fastest.",
    transform: { text in
      guard let weights = ONNXWeights(rawValue: text) else {
        throw ValidationError("expected \(ONNXWeights.expectation), found \(text)")
      }
      return weights
    })
  var weights = ONNXWeights.signed

  @Option(help: "With --against: how many times each is timed.")
  var rounds = 3

  func validate() throws {
    guard (1...1000).contains(rounds) else {
      throw ValidationError("--rounds must be in 1...1000, found \(rounds)")
    }
  }

  func run() throws {
    condense_prepare_compute()
    let model = try model()
    let arithmetic = InferenceArithmetic(of: model.graph, floats: DNNLBackend())
    let plan = try arithmetic.backend.compile(
      model.graph,
      PlanOptions(
        batch: options.batch, mode: .inference, precision: try options.resolvedPrecision(),
        threads: options.threads))
    let batch = SyntheticBatch(model.graph.inputs[0].shape, batch: options.batch, classes: 10)
    for _ in 0..<3 { plan.forward(batch.images.span, key: 0) }
    var report = BenchReport("infer", options)
    report.arithmetic = arithmetic.name
    let peer = try against.map { try ONNXRuntimePeer(model, weights: weights, python: $0) }
    defer { peer?.remove() }
    var (ours, theirs): ([Timings], [ONNXRuntimePeer.Timing]) = ([], [])
    for _ in 0..<(peer == nil ? 1 : rounds) {
      if let peer {
        theirs.append(
          try peer.timing(batch: options.batch, threads: options.threads, seconds: options.seconds))
      }
      ours.append(Timings.measured(seconds: options.seconds) { plan.forward(batch.images.span, key: 0) })
    }
    report.set(ours.sorted { $0.median < $1.median }[ours.count / 2])
    if peer != nil { report.peer = BenchReport.Peer(theirs, beside: ours.map(\.median)) }
    report.set(plan.kernels, list: options.kernels)
    if options.profile, let plan = plan as? DNNLPlan {
      report.kernels = BenchReport.profile(plan, batch.images)
    }
    try report.write(json: options.json)
  }

  private func model() throws -> Model {
    if let student { return try AnyModelFile.read(student) }
    guard bytes else {
      return SyntheticStudent.model(try BenchNetworks.graph(options.network), options.network)
    }
    return try SyntheticStudent.bytes(of: options.network)
  }
}
