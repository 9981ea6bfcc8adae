import ArgumentParser
import DNNL
import Execution
import Graphs
import Tensors

/// Times training steps: forward, loss, backward, SGD with momentum and weight decay, as the peer's script.
struct TrainBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Milliseconds of a training step on a batch in memory.")

  @OptionGroup var options: BenchOptions

  func run() throws {
    let precision = try options.resolvedPrecision()
    let graph = try BenchNetworks.graph(options.network)
    let backend = DNNLBackend()
    let plan = try backend.compile(
      graph,
      PlanOptions(batch: options.batch, mode: .training, precision: precision, threads: options.threads))
    let output = graph.outputs[0]
    let classes = graph.shape(of: output)?.count ?? 1
    let batch = SyntheticBatch(graph.inputs[0].shape, batch: options.batch, classes: classes)
    let tap = try plan.tap(output)
    var logits = Array(repeating: Float(0), count: tap.count)
    var gradient = logits
    var losses: [Double] = []
    var number = 0
    func step() -> Double {
      number += 1
      plan.forward(batch.images.span, key: UInt64(number))
      var span = logits.mutableSpan
      plan.readTap(tap, into: &span)
      let loss = batch.crossEntropy(logits, &gradient)
      plan.writeSeed(tap, gradient.span)
      plan.backward()
      plan.update(BenchSGD(), StepParameters(rate: 0.01, decay: 5e-4, number: number))
      return loss
    }
    for _ in 0..<5 { losses.append(step()) }
    let clock = ContinuousClock()
    var times: [Double] = []
    times.reserveCapacity(1 << 16)
    let start = clock.now
    while start.duration(to: clock.now) < .seconds(options.seconds) {
      let began = clock.now
      let loss = step()
      times.append(began.duration(to: clock.now) / .milliseconds(1))
      losses.append(loss)
    }
    if options.kernels {
      for kernel in plan.kernels { print(kernel.node, kernel.pass, kernel.implementation) }
    }
    if options.profile, let plan = plan as? DNNLPlan { profile(plan, batch) }
    let timings = Timings(times)
    print(
      "ms_per_step \(timings.median) min \(timings.minimum) p90 \(timings.p90) n \(timings.count) loss \(losses.first ?? 0) -> \(losses[min(20, losses.count - 1)]) -> \(losses.last ?? 0)"
    )
  }

  private func profile(_ plan: DNNLPlan, _ batch: SyntheticBatch) {
    var best: [(KernelDescription, Double)] = []
    for round in 0..<20 {
      let times = plan.profile(batch.images.span, key: UInt64(round))
      if best.isEmpty { best = times.map { ($0.kernel, $0.seconds) } }
      for (index, time) in times.enumerated() { best[index].1 = min(best[index].1, time.seconds) }
    }
    var total = 0.0
    for (kernel, seconds) in best {
      total += seconds
      print(String(format(seconds * 1e6)), kernel.node, kernel.pass, kernel.implementation)
    }
    print("total", format(total * 1e6))
  }

  private func format(_ microseconds: Double) -> String {
    let text = String(Int(microseconds.rounded()))
    return String(repeating: " ", count: max(0, 8 - text.count)) + text
  }
}
