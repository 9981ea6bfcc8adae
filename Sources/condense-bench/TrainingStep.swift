import DNNL
import Execution
import Graphs
import Tasks
import Tensors
import Training

/// One training step on a batch in memory: forward, loss, backward, SGD with momentum and weight decay.
final class TrainingStep {
  let plan: any Plan
  /// The images of the batch, followed by their targets.
  let inputs: [Float]
  private let tap: TapID
  private var losses: [Float]
  private var number = 0
  private let rule = SGD(momentum: 0.9, nesterov: false)

  init(_ graph: Graph, _ options: BenchOptions) throws {
    var builder = try ObjectiveBuilder(Classification(), student: graph)
    try builder.minimizeTaskLoss()
    let objective = try builder.finished(seed: 0)
    plan = try DNNLBackend().compile(
      objective.joined(to: graph),
      PlanOptions(
        batch: options.batch, mode: .training, precision: try options.resolvedPrecision(),
        threads: options.threads))
    let classes = builder.heads[0].shape.count
    let batch = SyntheticBatch(graph.inputs[0].shape, batch: options.batch, classes: classes)
    inputs = batch.images + batch.targets(classes: classes)
    tap = try plan.tap(objective.terms[0].value)
    losses = Array(repeating: 0, count: tap.count)
    let seed = [Float](repeating: 1 / Float(tap.count), count: tap.count)
    plan.writeSeed(tap, seed.span)
  }

  /// Runs the step and returns its loss.
  func run() -> Double {
    number += 1
    let inputs = inputs
    plan.forward(inputs.span, key: UInt64(number))
    plan.backward()
    plan.update(rule, StepParameters(rate: 0.01, decay: 5e-4, number: number))
    return loss()
  }

  /// The mean loss of the batch.
  ///
  /// The array is moved out of the property meanwhile, so that it is not copied.
  private func loss() -> Double {
    var values = losses
    losses = []
    defer { losses = values }
    var span = values.mutableSpan
    plan.readTap(tap, into: &span)
    return values.reduce(0) { $0 + Double($1) } / Double(values.count)
  }
}
