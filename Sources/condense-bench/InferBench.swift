import ArgumentParser
import DNNL
import Execution
import Graphs

/// Times inference.
struct InferBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "infer", abstract: "Milliseconds of an inference pass on a batch in memory.")

  @OptionGroup var options: BenchOptions

  func run() throws {
    let graph = try BenchNetworks.graph(options.network)
    let plan = try DNNLBackend().compile(
      graph,
      PlanOptions(
        batch: options.batch, mode: .inference, precision: try options.resolvedPrecision(), threads: options.threads))
    let batch = SyntheticBatch(graph.inputs[0].shape, batch: options.batch, classes: 10)
    for _ in 0..<3 { plan.forward(batch.images.span, key: 0) }
    let clock = ContinuousClock()
    var times: [Double] = []
    let start = clock.now
    while start.duration(to: clock.now) < .seconds(options.seconds) {
      let began = clock.now
      plan.forward(batch.images.span, key: 0)
      times.append(began.duration(to: clock.now) / .milliseconds(1))
    }
    let timings = Timings(times)
    print("ms_per_batch \(timings.median) min \(timings.minimum) p90 \(timings.p90) n \(timings.count)")
  }
}
