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

  /// What an update leaves.
  struct Outcome {
    /// The scores of the batch, with the costs of weights.
    var score: StepObjective.Score
    /// True if a rank wished to stop after this update.
    var isStopping = false
  }

  private let setup: Trainer.Setup
  private let plan: any Plan
  /// The combination of micro-batches that ranks share; `nil` if the plan sums the parts of a batch.
  private let microBatches: MicroBatches?
  /// The objective on the plan.
  let objective: StepObjective
  private let penalties: StepPenalties
  private let divergence: StepDivergence
  private let optimizer: any Optimizer
  private let momenta: (task: SeparateMomentum, beside: SeparateMomentum)?
  /// The gradients of the losses beside the task's, where they have a momentum of their own.
  private var kept: AlignedBuffer?
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
    partSize = settings.batch / settings.parts
    imageSize = setup.graph.inputs.first?.shape.count ?? 0
    optimizer = settings.optimizer
    momenta = settings.separateMomenta()
    objective = try StepObjective(setup, partSize: partSize, source: source, after: former?.objective)
    plan = try setup.backend.compile(
      objective.graph, Self.options(setup, taps: objective.taps))
    microBatches =
      settings.microBatches > 1 ? MicroBatches(settings.microBatches, of: plan, ranks: setup.ranks) : nil
    imageInput = try plan.input(setup.graph.inputs[0].name)
    try objective.attach(to: plan)
    penalties = try StepPenalties(settings.penalties, of: setup.graph, on: plan)
    divergence = try StepDivergence(of: setup.graph, images: source.count, on: plan)
  }

  /// The options of the plan, with values to read.
  private static func options(_ setup: Trainer.Setup, taps: [String]) -> PlanOptions {
    let settings = setup.settings
    return PlanOptions(
      batch: settings.batch / settings.parts, mode: .training, precision: setup.precision,
      threads: setup.threads, taps: taps, microBatches: settings.accumulationSteps,
      frozen: setup.graph.frozenParameters(setup.frozen))
  }

  /// Trains on one batch; `wish` is true if this rank wants all ranks to stop after it.
  ///
  /// Throws if the loss is not finite, before any weight changes, and if the update leaves a weight or a
  /// running statistic that is not finite.
  func step(_ batch: Batch, _ place: Place, wish: Bool = false) throws -> Outcome {
    try objective.prepare(batch, epoch: place.epoch, step: place.step)
    let factor = setup.settings.distillationFactor(epoch: place.epoch)
    if momenta != nil {
      // A plan gives the memory of values away while it goes back, so it runs once for each gradient.
      objective.weigh(beside: factor, .beside, in: plan)
      _ = try passes(over: batch, place, wish: wish)
      keepGradients()
      objective.weigh(beside: factor, .task, in: plan)
    } else {
      objective.weigh(beside: factor, .all, in: plan)
    }
    var outcome = try passes(over: batch, place, wish: wish)
    // The gradients of the parts are summed and averaged by the update, so costs of weights count once for
    // each part.
    let parts = Float(setup.settings.parts)
    let costs =
      penalties.add(to: plan, scale: parts, at: place.progress) + divergence.add(to: plan, scale: parts)
    outcome.score.loss += Double(batch.count) * costs
    update(parameters(place))
    guard plan.isFinite else { throw damage(place) }
    objective.remember(batch)
    return outcome
  }

  /// Runs the parts of a batch forwards and backwards, and leaves the sums in the plan.
  private func passes(over batch: Batch, _ place: Place, wish: Bool) throws -> Outcome {
    guard let microBatches else {
      var total = StepObjective.Score()
      for part in 0..<setup.settings.parts {
        let score = try pass(over: batch, part, place)
        total.loss += score.loss
        if let metric = score.metric { total.metric = (total.metric ?? 0) + metric }
      }
      return Outcome(score: total)
    }
    microBatches.begin(plan, wish: wish)
    for part in microBatches.own { microBatches.add(try pass(over: batch, part, place), from: plan) }
    let combined = try microBatches.finish(plan)
    return Outcome(score: combined.score, isStopping: combined.isStopping)
  }

  /// Runs one part of a batch forwards and backwards.
  private func pass(over batch: Batch, _ part: Int, _ place: Place) throws -> StepObjective.Score {
    let images = batch.images
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
    return score
  }

  /// Copies the gradients of the losses beside the task's.
  private func keepGradients() {
    plan.withGradients { gradients in
      let kept = kept ?? AlignedBuffer(floats: gradients.count)
      self.kept = kept
      kept.withMutableFloats { kept in for i in gradients.indices { kept[i] = gradients[i] } }
    }
  }

  /// Updates the weights, by both gradients one after the other if each has its momentum.
  private func update(_ step: StepParameters) {
    guard let momenta, let kept else { return plan.update(optimizer, step) }
    var first = step
    // The average starts before the first update, and moves after the second.
    if step.averageDecay != nil { first.averageDecay = 1 }
    plan.update(momenta.task, first)
    plan.withGradients { gradients in
      let kept = kept.floats
      for i in gradients.indices { gradients[i] = kept[i] }
    }
    plan.update(momenta.beside, step)
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
    var scale = 1 / Float(settings.parts)
    if let limit = settings.gradientClip {
      let kept = kept
      let norm = scale * plan.withGradients { GradientNorm.of($0, and: kept) }
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
  /// The Euclidean norm, summed in 64 bits; of the sums of values and others if there are any.
  static func of(_ values: borrowing MutableSpan<Float>, and others: AlignedBuffer?) -> Float {
    var sum = 0.0
    if let others {
      let others = others.floats
      for i in values.indices {
        let value = Double(values[i]) + Double(others[i])
        sum += value * value
      }
    } else {
      for i in values.indices { sum += Double(values[i]) * Double(values[i]) }
    }
    return Float(sum.squareRoot())
  }
}
