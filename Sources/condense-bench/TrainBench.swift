import ArgumentParser
import CAllocations
import CProcess
import DNNL
import Execution

/// Times training steps as the peer's script does: SGD with momentum 0.9 and weight decay 5e-4, batch in
/// memory.
struct TrainBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Milliseconds of a training step on a batch in memory.")

  @OptionGroup var options: BenchOptions
  @Flag(help: "Count the allocations of a warm step.")
  var allocations = false
  @Flag(help: "Time the trainer's plain steps and its steps on a teacher's stored logits, in turns.")
  var distill = false

  func run() throws {
    condense_prepare_compute()
    if distill { return try runDistilled() }
    let step = try TrainingStep(BenchNetworks.graph(options.network), options)
    var losses = (0..<5).map { _ in step.run() }
    var report = BenchReport("train", options)
    report.set(
      Timings.measured(seconds: options.seconds) {
        let loss = step.run()
        if losses.count < 20 { losses.append(loss) }
      })
    report.losses = losses
    report.set(step.plan.kernels, list: options.kernels)
    if allocations { report.allocationsPerStep = Self.allocations(step) }
    if options.profile, let plan = step.plan as? DNNLPlan {
      report.kernels = BenchReport.profile(plan, step.inputs)
    }
    try report.write(json: options.json)
  }

  private func runDistilled() throws {
    let bench = try DistillBench(BenchNetworks.graph(options.network), options)
    var report = BenchReport("train", options)
    report.set(bench.plain)
    report.distilled = BenchReport.Distilled(
      plain: bench.plain.median, distilled: bench.distilled.median,
      ratio: bench.distilled.median / bench.plain.median)
    if allocations { report.allocationsPerStep = bench.allocations }
    try report.write(json: options.json)
  }

  private static func allocations(_ step: TrainingStep) -> BenchReport.Allocations {
    condense_allocations_start()
    _ = step.run()
    let counted = condense_allocations_stop()
    return BenchReport.Allocations(own: Int(counted.own), library: Int(counted.library))
  }
}

extension BenchReport {
  /// The shortest time of every call over some passes.
  static func profile(_ plan: DNNLPlan, _ inputs: [Float]) -> [Kernel] {
    var kernels: [Kernel] = []
    for round in 0..<20 {
      let times = plan.profile(inputs.span, key: UInt64(round))
      for (index, time) in times.enumerated() {
        let microseconds = time.seconds * 1e6
        if round == 0 {
          let kernel = time.kernel
          kernels.append(
            Kernel(
              node: kernel.node, pass: kernel.pass, implementation: kernel.implementation,
              microseconds: microseconds))
        } else {
          kernels[index].microseconds = Swift.min(kernels[index].microseconds ?? .infinity, microseconds)
        }
      }
    }
    return kernels
  }
}
