import ArgumentParser
import CProcess
import DNNL
import Execution
import Graphs

/// Times inference: batch norms folded, activations fused.
struct InferBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "infer", abstract: "Milliseconds of an inference pass on a batch in memory.")

  @OptionGroup var options: BenchOptions

  func run() throws {
    condense_prepare_compute()
    let graph = try BenchNetworks.graph(options.network)
    let plan = try DNNLBackend().compile(
      graph,
      PlanOptions(
        batch: options.batch, mode: .inference, precision: try options.resolvedPrecision(),
        threads: options.threads))
    let batch = SyntheticBatch(graph.inputs[0].shape, batch: options.batch, classes: 10)
    for _ in 0..<3 { plan.forward(batch.images.span, key: 0) }
    var report = BenchReport("infer", options)
    report.set(Timings.measured(seconds: options.seconds) { plan.forward(batch.images.span, key: 0) })
    report.set(plan.kernels, list: options.kernels)
    if options.profile, let plan = plan as? DNNLPlan {
      report.kernels = BenchReport.profile(plan, batch.images)
    }
    try report.write(json: options.json)
  }
}
