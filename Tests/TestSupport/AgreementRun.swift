import Execution
import Graphs
import Tensors

/// The run of an agreement case on one backend, with a record of the computed numbers.
final class AgreementRun {
  let agreement: AgreementCase
  let graph: Graph
  let plan: any Plan
  private let partial: (any Plan)?
  private(set) var observations: [Observation] = []
  /// The state after each step.
  private(set) var states: [TrainingState] = []
  /// The states of another run, which this run takes over after each step.
  var leader: [TrainingState]?
  /// The disturbance of the images before each pass, and of each state that is taken over.
  var disturbance: Disturbance?

  init(
    _ agreement: AgreementCase, _ graph: Graph, _ backend: any Backend, _ precision: Precision, _ threads: Int
  ) throws {
    self.agreement = agreement
    self.graph = graph
    var options = PlanOptions(
      batch: agreement.batch, mode: agreement.mode, precision: precision, threads: threads,
      taps: agreement.taps, seeds: agreement.seeds, microBatches: agreement.microBatches)
    let plan = try backend.compile(graph, options)
    self.plan = plan
    partial = try agreement.partialBatch.map {
      options.batch = $0
      return try backend.compile(graph, options, sharing: plan)
    }
  }

  /// One update from as many passes as there are micro-batches, with a length of at most 0.05.
  ///
  /// A longer update could leave a network whose values all lie at a bound. A norm of such values divides a
  /// rounding error by nearly zero, so that no two backends agree.
  func step(_ number: Int) throws {
    let start = plan.snapshot()
    var last = plan
    for micro in 0..<agreement.microBatches {
      let index = (number - 1) * agreement.microBatches + micro
      last = index % 2 == 1 ? partial ?? plan : plan
      pass(last, number: index)
      last.backward()
    }
    let norm = last.withGradients { (span: inout MutableSpan<Float>) in
      var sum = 0.0
      for i in 0..<span.count { sum += Double(span[i]) * Double(span[i]) }
      return sum.squareRoot()
    }
    observations.append(Observation(label: "step \(number): norm of gradients", values: [Float(norm)]))
    last.update(
      PlainSGD(),
      StepParameters(
        rate: 0.05 / max(1, Float(norm)), decay: 0.01, gradientScale: 1 / Float(agreement.microBatches),
        number: number,
        averageDecay: 0.9))
    let end = plan.snapshot()
    observeChanges(from: start, to: end, "step \(number)")
    states.append(end)
    if let next = leader?[number - 1] {
      try plan.load(disturbance?.applied(to: next, "state \(number)") ?? next)
    }
  }

  /// A forward pass over random images; training adds the seeds of a squared error, and random seeds at inner
  /// nodes.
  func pass(_ plan: any Plan, number: Int) {
    let batch = plan.options.batch
    var images = graph.inputs.flatMap { input in
      Tensor(
        random: Shape([batch] + input.shape.dimensions), seed: UInt64(number), "images " + input.name
      ).values
    }
    if let disturbance { images = disturbance.applied(to: images, "images \(number)") }
    plan.forward(images.span, key: UInt64(100 + number))
    for name in graph.outputs + agreement.taps {
      let values = read(name, plan)
      observations.append(Observation(label: "pass \(number): \(name)", values: values))
      guard plan.options.mode == .training, graph.outputs.contains(name) else { continue }
      let target = randomValues(name, plan, number)
      write(zip(values, target).map { ($0 - $1) / Float(batch) }, name, plan)
    }
    guard plan.options.mode == .training else { return }
    for name in agreement.seeds { write(randomValues(name, plan, number), name, plan) }
  }

  /// Records the outputs of an inference plan that shares the trained weights.
  func observeInference(_ backend: any Backend, _ precision: Precision, _ threads: Int) throws {
    let options = PlanOptions(batch: 2, mode: .inference, precision: precision, threads: threads)
    let inference = try backend.compile(graph, options, sharing: plan)
    pass(inference, tapping: graph.outputs)
    try step(agreement.steps + 1)
    pass(inference, tapping: graph.outputs)
  }

  private func pass(_ inference: any Plan, tapping names: [String]) {
    let images = graph.inputs.flatMap {
      Tensor(random: Shape([2] + $0.shape.dimensions), seed: 77, "images " + $0.name).values
    }
    inference.forward(images.span, key: 0)
    for name in names {
      observations.append(Observation(label: "inference: \(name)", values: read(name, inference)))
    }
  }

  private func randomValues(_ name: String, _ plan: any Plan, _ number: Int) -> [Float] {
    let shape = graph.shape(of: name, batch: plan.options.batch) ?? []
    return Tensor(random: shape, seed: UInt64(number), "target " + name).values.map { $0 / 4 }
  }

  private func read(_ name: String, _ plan: any Plan) -> [Float] {
    guard let tap = try? plan.tap(name) else { return [] }
    var values = Array(repeating: Float(0), count: tap.count)
    var span = values.mutableSpan
    plan.readTap(tap, into: &span)
    return values
  }

  private func write(_ gradient: [Float], _ name: String, _ plan: any Plan) {
    guard let tap = try? plan.tap(name) else { return }
    plan.writeSeed(tap, gradient.span)
  }

  /// Records the changes of a step.
  ///
  /// Differences count relative to at least a hundredth of all changes, because tiny changes are rounding
  /// errors.
  private func observeChanges(from start: TrainingState, to state: TrainingState, _ step: String) {
    var changes: [Observation] = []
    for name in state.parameters.keys.sorted() {
      for (kind, tensors, origin) in [
        ("weights", state.parameters, start.parameters), ("moments", state.firstMoments, start.firstMoments),
        ("averages", state.averages, start.parameters),
      ] {
        guard let values = tensors[name]?.values else { continue }
        let before = origin[name]?.values ?? Array(repeating: 0, count: values.count)
        changes.append(
          Observation(
            label: "\(step): \(kind) of \(name)", values: zip(values, before).map { $0 - $1 }))
      }
    }
    let total = norm(changes.flatMap(\.values))
    observations += changes.map {
      var change = $0
      change.floor = max(change.floor, 0.01 * total)
      return change
    }
  }
}
