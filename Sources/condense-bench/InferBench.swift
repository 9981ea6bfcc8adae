import ArgumentParser
import CProcess
import DNNL
import Encodings
import Execution
import Graphs
import Integers

/// Times inference: batch norms folded, activations fused; integers where all values of a student are.
struct InferBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "infer", abstract: "Milliseconds of an inference pass on a batch in memory.",
    discussion: """
      A student whose values are all integers is computed in integers, as `condense evaluate` does. --bytes makes one of a
      network with weights at random, which --write keeps for other tools.
      """)

  @OptionGroup var options: BenchOptions

  @Option(help: "A student file to time instead of a network.")
  var student: String?

  @Flag(help: "Quantize the network to signed bytes first, calibrated on a synthetic batch.")
  var bytes = false

  @Option(help: "With --bytes: where to write the student.")
  var write: String?

  func run() throws {
    condense_prepare_compute()
    let graph = try graph()
    let arithmetic = InferenceArithmetic(of: graph, floats: DNNLBackend())
    let plan = try arithmetic.backend.compile(
      graph,
      PlanOptions(
        batch: options.batch, mode: .inference, precision: try options.resolvedPrecision(),
        threads: options.threads))
    let batch = SyntheticBatch(graph.inputs[0].shape, batch: options.batch, classes: 10)
    for _ in 0..<3 { plan.forward(batch.images.span, key: 0) }
    var report = BenchReport("infer", options)
    report.arithmetic = arithmetic.name
    report.set(Timings.measured(seconds: options.seconds) { plan.forward(batch.images.span, key: 0) })
    report.set(plan.kernels, list: options.kernels)
    if options.profile, let plan = plan as? DNNLPlan {
      report.kernels = BenchReport.profile(plan, batch.images)
    }
    try report.write(json: options.json)
  }

  private func graph() throws -> Graph {
    if let student { return try AnyModelFile.read(student).graph }
    guard bytes else { return try BenchNetworks.graph(options.network) }
    let model = try SyntheticStudent.bytes(of: options.network)
    if let write { try StudentFile.write(model, to: write, coded: true) }
    return model.graph
  }
}
