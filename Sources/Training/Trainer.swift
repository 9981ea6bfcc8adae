import Datasets
import Execution
import Graphs
import Settings
import Tasks
import Tensors

/// Trains a network: a synchronous loop over epochs and steps that can be stopped and resumed at any step.
///
///     let trainer = try Trainer(setup, training: loader, validation: nil)
///     if let checkpoint = try store.latest() { try trainer.restore(checkpoint) }
///     if case .finished(let result) = try trainer.run() { … }
///
/// Random numbers derive from (seed, epoch, step), so a resumed training ends with the same bits. A step
/// allocates nothing here. Use it from one thread that is not of the cooperative pool.
///
/// With several ranks each runs a trainer of the same setup; only the first is given checkpoints and a log.
/// They end with the same bits as one process with the same settings and threads.
public final class Trainer {
  /// The progress of the training.
  public private(set) var progress = TrainingProgress()
  /// Steps of an epoch.
  public let stepsPerEpoch: Int

  /// The setup, whose network is the present one.
  private(set) var setup: Setup
  private let training: any BatchSource
  private let validation: (any BatchSource)?
  private var evaluator: Evaluator?
  private let checkpoints: CheckpointStore?
  private let log: MetricsLog?
  private let observer: TrainingObserver
  private let schedule: RewriteSchedule
  private var engine: StepEngine
  /// True if a checkpoint can hold the present network.
  private var isStorable = true
  private var best: [String: Tensor] = [:]
  private let clock = ContinuousClock()
  private var lastCheckpoint: ContinuousClock.Instant

  /// Compiles the plans.
  ///
  /// Batches of `training` must be full and of the settings' size; those of `validation` are of their
  /// `validationBatch` and may end with a smaller one. Throws for settings that contradict each other or too few images.
  public init(
    _ setup: Setup, training: any BatchSource, validation: (any BatchSource)? = nil,
    checkpoints: CheckpointStore? = nil, log: MetricsLog? = nil,
    observer: TrainingObserver = TrainingObserver()
  ) throws {
    try setup.settings.validate(ranks: setup.ranks.count)
    guard training.stepsPerEpoch > 0 else {
      throw TrainingError.tooFewImages(images: training.count, batch: setup.settings.batch)
    }
    guard setup.settings.patience == nil || validation != nil else {
      throw TrainingError.patienceWithoutValidation
    }
    self.setup = setup
    self.training = training
    self.validation = validation
    self.checkpoints = checkpoints
    self.log = log
    self.observer = observer
    stepsPerEpoch = training.stepsPerEpoch
    schedule = try RewriteSchedule(
      setup.rewriter, updates: training.stepsPerEpoch * setup.settings.epochs)
    engine = try StepEngine(setup, source: training)
    evaluator = validation == nil ? nil : try Evaluator(setup)
    lastCheckpoint = clock.now
  }

  /// Continues from a checkpoint.
  public func restore(_ checkpoint: Checkpoint) throws {
    if let network = checkpoint.network { try adopt(network) }
    try engine.load(checkpoint.state)
    try engine.objective.load(checkpoint.remembered)
    progress = checkpoint.progress
    best = checkpoint.best
  }

  /// Trains until the end, or until `shouldStop` returns true after a step.
  ///
  /// Ranks stop together: after the step that follows the wish of one, or at the end of an epoch.
  public func run(through: Int? = nil, shouldStop: () -> Bool = { false }) throws -> Outcome {
    let epochs = min(setup.settings.epochs, through ?? .max)
    try log?.keep(epochs: progress.epoch)
    lastCheckpoint = clock.now
    while progress.epoch < epochs, !progress.isStoppedEarly {
      guard try runEpoch(shouldStop) else { return .stopped(progress) }
      if try setup.ranks.any(shouldStop()), progress.epoch < epochs { return .stopped(progress) }
    }
    return .finished(Result(graph: finalGraph(), progress: progress))
  }

  /// Runs the rest of an epoch; false if it was asked to stop, with a checkpoint written.
  private func runEpoch(_ shouldStop: () -> Bool) throws -> Bool {
    training.startEpoch(progress.epoch, fromStep: progress.step)
    while progress.step < stepsPerEpoch {
      try rewriteWhereDue()
      let began = clock.now
      guard let batch = try training.next() else { break }
      let isAgreed = try step(batch, wish: isShared && shouldStop())
      progress.sums.seconds += (clock.now - began).inSeconds
      observer.step(
        TrainingObserver.Step(
          progress: progress, stepsPerEpoch: stepsPerEpoch, epochs: setup.settings.epochs,
          metric: setup.task.metric)
      )
      guard progress.step < stepsPerEpoch else { break }
      if isAgreed || (!isShared && shouldStop()) {
        try saveCheckpoint(finiteState())
        return false
      }
      if clock.now - lastCheckpoint > setup.checkpointInterval { try saveCheckpoint(finiteState()) }
    }
    return try finishEpoch(shouldStop)
  }

  /// True if several ranks train.
  private var isShared: Bool { setup.ranks.count > 1 }

  /// Trains on one batch and counts it; returns true if a rank wished to stop.
  private func step(_ batch: Batch, wish: Bool) throws -> Bool {
    let steps = stepsPerEpoch * setup.settings.epochs
    let rate = setup.settings.schedule.rate(
      peak: setup.settings.learningRate, step: progress.updates, steps: steps)
    let place = StepEngine.Place(
      epoch: progress.epoch, step: progress.step, number: progress.updates + 1, rate: rate,
      progress: Double(progress.updates) / Double(steps))
    let outcome = try engine.step(batch, place, wish: wish)
    let score = outcome.score
    progress.step += 1
    progress.updates += 1
    progress.sums.loss += score.loss
    if let metric = score.metric { progress.sums.metric = (progress.sums.metric ?? 0) + metric }
    progress.sums.images += batch.count
    progress.sums.rate = rate
    return outcome.isStopping
  }

  /// Validates, reports, and writes the checkpoint of a whole epoch; false if it was asked to stop meanwhile.
  private func finishEpoch(_ shouldStop: () -> Bool) throws -> Bool {
    let state = try finiteState()
    if isShared { try setup.ranks.requireSame([(what: "weights", value: state.digest)]) }
    var scores: (any TaskScores)?
    if let validation, let evaluator {
      try evaluator.load(weights(of: state))
      scores =
        isShared
        ? try evaluator.score(validation, over: setup.ranks)
        : try evaluator.score(validation, shouldStop: shouldStop)
      if scores == nil {
        try saveCheckpoint(state)
        return false
      }
    }
    let metrics = epochMetrics(scores)
    // The line precedes the checkpoint: after a kill in between, `keep` drops it and the epoch ends again.
    try log?.append(metrics)
    observer.epoch(metrics)
    progress.epoch += 1
    progress.step = 0
    progress.sums = TrainingProgress.Sums()
    if let scores, let patience = setup.settings.patience { judge(scores, state, patience) }
    try saveCheckpoint(state)
    return true
  }

  /// Keeps the weights of the best epoch and stops when the last gain is too long ago.
  private func judge(_ scores: any TaskScores, _ state: TrainingState, _ patience: Int) {
    let present = TrainingProgress.Best(epoch: progress.epoch, value: scores.value, loss: scores.loss)
    if progress.best?.isBeaten(by: present, on: setup.task.metric) ?? true {
      progress.best = present
      best = weights(of: state)
    }
    let last = progress.best?.epoch ?? 0
    progress.isStoppedEarly =
      progress.epoch - last >= patience && progress.epoch < setup.settings.epochs
      && schedule.isComplete(after: progress.rewrites)
  }

  /// Rewrites the network at every point that is reached.
  ///
  /// The best weights so far are dropped: they were those of another network.
  private func rewriteWhereDue() throws {
    while schedule.isDue(after: progress.rewrites, update: progress.updates) {
      let state = try finiteState()
      var graph = setup.graph
      for (name, tensor) in state.parameters { graph.parameters[name]?.value = tensor }
      guard let rewrite = try schedule.rewrite(graph, after: progress.rewrites) else { return }
      try adopt(rewrite, state)
      isStorable = checkpoints == nil || StoredNetwork.isStorable(rewrite.graph)
      progress.rewrites += 1
      progress.best = nil
      best = [:]
    }
  }

  /// Goes on with a rewritten network; layers that the objective trains beside it follow.
  private func adopt(_ rewrite: Rewrite, _ state: TrainingState) throws {
    // The new engine comes first: the layers of its objective are those that the state must fit.
    let before = setup.graph
    try adopt(rewrite.graph)
    try engine.load(
      state.carried(
        by: rewrite.joined(engine.objective.objective, before: before, state),
        frozen: setup.graph.frozenParameters(setup.frozen)))
  }

  /// Goes on with another network, whose weights are still to be loaded.
  private func adopt(_ network: Graph) throws {
    setup.graph = network
    engine = try StepEngine(setup, source: training, after: engine)
    if validation != nil { evaluator = try Evaluator(setup) }
  }

  /// The metrics of the epoch that has just ended.
  private func epochMetrics(_ scores: (any TaskScores)?) -> EpochMetrics {
    let sums = progress.sums
    let images = Double(max(sums.images, 1))
    return EpochMetrics(
      epoch: progress.epoch + 1, loss: sums.loss / images, metric: setup.task.metric,
      value: sums.metric.map { $0 / images },
      validationLoss: scores?.loss, validation: scores?.value, rate: sums.rate,
      weights: setup.graph.nonZeroCount,
      imagesPerSecond: sums.seconds > 0 ? Double(sums.images) / sums.seconds : 0, seconds: sums.seconds)
  }

  /// The weights that are evaluated and kept: the averages if there are any, else the weights.
  private func weights(of state: TrainingState) -> [String: Tensor] {
    state.parameters.merging(state.averages) { _, average in average }
  }

  /// The network with its final weights.
  private func finalGraph() -> Graph {
    var graph = setup.graph
    let weights = best.isEmpty ? weights(of: engine.snapshot()) : best
    for (name, tensor) in weights { graph.parameters[name]?.value = tensor }
    return graph
  }

  /// Writes a checkpoint, unless the network has an encoding that does not come back from a file.
  ///
  /// Without it a killed training starts again from the last checkpoint before, which takes longer and ends
  /// the same.
  private func saveCheckpoint(_ state: TrainingState) throws {
    lastCheckpoint = clock.now
    guard isStorable else { return }
    try checkpoints?.save(
      Checkpoint(
        progress: progress, state: state, best: best, identity: setup.identity,
        network: progress.rewrites > 0 ? setup.graph : nil, remembered: engine.objective.remembered))
  }

  /// The present state; throws if a weight or a running statistic is not finite, so that nothing of it is
  /// written.
  private func finiteState() throws -> TrainingState {
    let state = engine.snapshot()
    let damaged = state.parameters.filter { !$0.value.values.allSatisfy(\.isFinite) }
    if let name = damaged.keys.min() {
      throw TrainingError.weightsNotFinite(epoch: progress.epoch + 1, step: progress.step, parameter: name)
    }
    return state
  }
}

extension Duration {
  /// The duration in seconds.
  public var inSeconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}
