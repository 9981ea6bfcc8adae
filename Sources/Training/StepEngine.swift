import Datasets
import Execution
import Graphs
import Tasks
import Tensors

/// Runs one update at a time: forward, loss, backward, clipping, update, in buffers made once.
final class StepEngine {
  /// The place of an update in the training.
  struct Place {
    /// The epoch, from 0.
    var epoch: Int
    /// The step of the epoch, from 0.
    var step: Int
    /// The number of the update over the whole training, from 1.
    var number: Int
    /// The learning rate.
    var rate: Float
    /// The share of all updates that are done.
    var progress: Double
  }

  private let setup: Trainer.Setup
  private let plan: any Plan
  /// The objective on the plan.
  let objective: StepObjective
  private let penalties: StepPenalties
  private let divergence: StepDivergence
  private let optimizer: any Optimizer
  private let partSize: Int
  private let imageSize: Int
  private let imageInput: InputID

  /// Compiles the plan of a setup's network.
  ///
  /// `source` is the training data. `former` is the engine of the network before a rewrite, whose teacher
  /// goes on.
  init(
    _ setup: Trainer.Setup, source: any BatchSource, after former: StepEngine? = nil
  ) throws {
    self.setup = setup
    let settings = setup.settings
    if former == nil { try setup.graph.requireFrozen(setup.frozen) }
    partSize = settings.batch / settings.accumulationSteps
    imageSize = setup.graph.inputs.first?.shape.count ?? 0
    optimizer = settings.optimizer
    objective = try StepObjective(setup, partSize: partSize, source: source, after: former?.objective)
    plan = try setup.backend.compile(
      objective.graph, Self.options(setup, taps: objective.taps))
    imageInput = try plan.input(setup.graph.inputs[0].name)
    try objective.attach(to: plan)
    penalties = try StepPenalties(settings.penalties, of: setup.graph, on: plan)
    divergence = try StepDivergence(of: setup.graph, images: source.count, on: plan)
  }

  /// The options of the plan, with values to read.
  private static func options(_ setup: Trainer.Setup, taps: [String]) -> PlanOptions {
    let settings = setup.settings
    return PlanOptions(
      batch: settings.batch / settings.accumulationSteps, mode: .training, precision: setup.precision,
      threads: setup.threads, taps: taps, microBatches: settings.accumulationSteps,
      frozen: setup.graph.frozenParameters(setup.frozen))
  }

  /// Trains on one batch.
  ///
  /// Throws if the loss is not finite, before any weight changes, and if the update leaves a weight or a
  /// running statistic that is not finite.
  func step(_ batch: Batch, _ place: Place) throws -> StepObjective.Score {
    let images = batch.images
    try objective.prepare(batch, epoch: place.epoch, step: place.step)
    var total = StepObjective.Score()
    let parts = setup.settings.accumulationSteps
    for part in 0..<parts {
      let range = part * partSize..<(part + 1) * partSize
      let values = images.span.extracting(range.lowerBound * imageSize..<range.upperBound * imageSize)
      // Keyed by place, not drawn in sequence: a resumed training draws the same numbers.
      let key = SeededRandom(seed: setup.seed, purpose: "step", place.epoch, place.step, part).key
      plan.writeInput(imageInput, values)
      objective.write(batch, range, to: plan)
      plan.run(key: key)
      let score = objective.score(batch, range, from: plan)
      objective.keep(range, from: plan)
      guard score.loss.isFinite else {
        throw TrainingError.notFinite(
          epoch: place.epoch + 1, step: place.step + 1, loss: score.loss / Double(partSize),
          culprit: try culprit(values, key: key))
      }
      plan.backward()
      total.loss += score.loss
      if let metric = score.metric { total.metric = (total.metric ?? 0) + metric }
    }
    // The gradients of the parts are summed and averaged by the update, so costs of weights count once for
    // each part.
    let costs =
      penalties.add(to: plan, scale: Float(parts), at: place.progress)
      + divergence.add(to: plan, scale: Float(parts))
    total.loss += Double(batch.count) * costs
    plan.update(optimizer, parameters(place))
    guard plan.isFinite else { throw damage(place) }
    objective.remember(batch)
    return total
  }

  /// The error that names the first parameter, by name, that an update has left not finite.
  private func damage(_ place: Place) -> TrainingError {
    let damaged = plan.snapshot().parameters.filter { !$0.value.values.allSatisfy(\.isFinite) }
    return .weightsNotFinite(
      epoch: place.epoch + 1, step: place.step + 1,
      parameter: damaged.keys.min() ?? objective.outputs.heads[0].value)
  }

  /// A copy of weights, statistics, moments and averages.
  func snapshot() -> TrainingState { plan.snapshot() }

  /// Replaces weights, statistics, moments and averages.
  func load(_ state: TrainingState) throws {
    try plan.load(state)
  }

  /// The parameters of an update, with the gradient clipped to its largest norm.
  private func parameters(_ place: Place) -> StepParameters {
    let settings = setup.settings
    var scale = 1 / Float(settings.accumulationSteps)
    if let limit = settings.gradientClip {
      let norm = scale * plan.withGradients { GradientNorm.of($0) }
      scale *= min(1, limit / (norm + 1e-6))
    }
    return StepParameters(
      rate: place.rate, decay: settings.weightDecay, gradientScale: scale, number: place.number,
      averageDecay: settings.emaDecay)
  }

  /// The first parameter or value, in the order of computation, that is not finite on this input.
  private func culprit(_ images: Span<Float>, key: UInt64) throws -> TrainingError.Culprit {
    for i in images.indices where !images[i].isFinite { return .images }
    let parameters = plan.snapshot().parameters
    let options = Self.options(setup, taps: setup.graph.nodes.map(\.name))
    // With weights that are not finite a backend may be unable to compile a plan that reads every node.
    guard let probe = try? setup.backend.compile(objective.graph, options, sharing: plan) else {
      let damaged = parameters.filter { !$0.value.values.allSatisfy(\.isFinite) }
      return damaged.keys.min().map { .parameter($0) } ?? .loss
    }
    probe.writeInput(imageInput, images)
    probe.run(key: key)
    for node in setup.graph.nodes {
      for (name, slot) in setup.graph.slots(of: node) where slot.isTrainable {
        if let tensor = parameters[name], !tensor.values.allSatisfy(\.isFinite) { return .parameter(name) }
      }
      let tap = try probe.tap(node.name)
      var values = [Float](repeating: 0, count: tap.count)
      var span = values.mutableSpan
      probe.readTap(tap, into: &span)
      if !values.allSatisfy(\.isFinite) { return .node(node.name, kind: node.op.kind) }
    }
    return .loss
  }
}

/// The length of all gradients taken as one vector.
enum GradientNorm {
  /// The Euclidean norm, summed in 64 bits.
  static func of(_ values: borrowing MutableSpan<Float>) -> Float {
    var sum = 0.0
    for i in values.indices { sum += Double(values[i]) * Double(values[i]) }
    return Float(sum.squareRoot())
  }
}
