import DNNL
import Execution
import Graphs
import Training

/// One training step on a batch in memory: forward, loss on the host, backward, SGD with momentum and weight decay.
final class TrainingStep {
  let plan: any Plan
  let batch: SyntheticBatch
  private let tap: TapID
  private var logits: [Float]
  private var gradient: [Float]
  private var number = 0
  private let rule = SGD(momentum: 0.9, nesterov: false)

  init(_ graph: Graph, _ options: BenchOptions) throws {
    plan = try DNNLBackend().compile(
      graph,
      PlanOptions(
        batch: options.batch, mode: .training, precision: try options.resolvedPrecision(),
        threads: options.threads))
    let output = graph.outputs[0]
    tap = try plan.tap(output)
    batch = SyntheticBatch(graph.inputs[0].shape, batch: options.batch, classes: tap.count / options.batch)
    logits = Array(repeating: 0, count: tap.count)
    gradient = logits
  }

  /// Runs the step and gives its loss.
  func run() -> Double {
    number += 1
    let images = batch.images
    plan.forward(images.span, key: UInt64(number))
    let loss = loss()
    let seed = gradient
    plan.writeSeed(tap, seed.span)
    plan.backward()
    plan.update(rule, StepParameters(rate: 0.01, decay: 5e-4, number: number))
    return loss
  }

  /// The loss of the present logits; its gradient is kept. The array is taken out meanwhile, so that it is not copied.
  private func loss() -> Double {
    var values = logits
    logits = []
    defer { logits = values }
    var span = values.mutableSpan
    plan.readTap(tap, into: &span)
    return batch.crossEntropy(values, &gradient)
  }
}
