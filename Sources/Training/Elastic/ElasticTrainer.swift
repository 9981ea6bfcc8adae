import Datasets
import Execution
public import Graphs
import Settings
import Tasks
public import Tensors

/// Trains all networks of a space at once, as parts of the largest one, whose weights they share.
///
/// Each step follows the sandwich rule: it trains the largest network, the smallest one, and two that are
/// drawn at random. The largest minimizes the setup's objective. The others learn from its outputs on the
/// same batch (in-place distillation). One update applies the sum of all four gradients:
///
///     g = ∇L(largest) + Σ_s ∇KL(softmax(largest) ‖ softmax(s)),   s = smallest, drawn, drawn
///
///     let trainer = try ElasticTrainer(setup, smallest: smallest, drawn: draw, training: loader)
///     if case .finished(let result) = try trainer.run() { … }
///
/// Draws derive from (seed, epoch, step), so a resumed training ends with the same bits. The result is the
/// largest network. Its batch norms keep their initial statistics: `NormStatistics` measures those of each
/// network that is used.
///
/// **Papers** Yu, Huang, "Universally slimmable networks and improved training techniques", ICCV 2019,
/// arXiv:1903.05134; Cai et al., "Once-for-all", ICLR 2020, arXiv:1908.09791.
public final class ElasticTrainer {
  /// Draws a network of the space.
  public typealias Draw = (inout SeededRandom) throws -> Graph

  /// The progress of the training.
  public private(set) var progress = TrainingProgress()
  /// Steps of an epoch.
  public let stepsPerEpoch: Int

  /// The networks that are drawn in a step, beside the largest and the smallest.
  private static let drawnPerStep = 2
  /// The most plans of drawn networks that are kept.
  private static let keptPlans = 12

  private let setup: Trainer.Setup
  private let training: any BatchSource
  private let checkpoints: CheckpointStore?
  private let observer: TrainingObserver
  private let draw: Draw
  private let teacher: InPlaceTeacher
  private let scoreHead: Int
  private let largest: Member
  private let smallest: Member
  private var drawn: [(key: String, member: Member)] = []
  private var weights: MasterWeights
  private let clock = ContinuousClock()
  private var lastCheckpoint: ContinuousClock.Instant

  /// A network of the space, ready to run.
  private struct Member {
    let plan: any Plan
    let objective: StepObjective
    let input: InputID
    /// The places of its weights; `nil` for the largest network.
    let slices: WeightSlices?
  }

  /// Prepares the training of a setup, whose network is the largest of the space.
  ///
  /// Throws for settings that shared weights do not have, and for tasks without scores of whole images.
  public init(
    _ setup: Trainer.Setup, smallest: Graph, drawn: @escaping Draw, training: any BatchSource,
    checkpoints: CheckpointStore? = nil, observer: TrainingObserver = TrainingObserver()
  ) throws {
    try Self.require(setup.settings)
    guard training.stepsPerEpoch > 0 else {
      throw TrainingError.tooFewImages(images: training.count, batch: setup.settings.batch)
    }
    try setup.graph.requireFrozen(setup.settings.frozen)
    self.setup = setup
    self.training = training
    self.checkpoints = checkpoints
    self.observer = observer
    draw = drawn
    stepsPerEpoch = training.stepsPerEpoch
    let batch = setup.settings.batch
    let objective = try StepObjective(setup, partSize: batch, source: training)
    let head = try setup.task.scoreHead(of: setup.graph)
    scoreHead = objective.outputs.heads.firstIndex { $0.name == head.name } ?? 0
    teacher = InPlaceTeacher(batch: batch, classes: head.shape.count)
    largest = try Self.member(setup, objective, slices: nil)
    weights = MasterWeights(
      objective.graph, frozen: setup.graph.frozenParameters(setup.settings.frozen))
    self.smallest = try Self.learner(smallest, setup, training, teacher)
    lastCheckpoint = clock.now
  }

  /// Throws for settings that have no meaning for networks that share weights.
  public static func require(_ settings: TrainingSettings) throws {
    let strays = [
      ("accumulationSteps", settings.accumulationSteps > 1), ("microBatches", settings.microBatches > 1),
      ("momentumGap", settings.momentumGap != nil), ("emaDecay", settings.emaDecay != nil),
      ("patience", settings.patience != nil), ("penalties", !settings.penalties.isEmpty),
    ]
    guard let (stray, _) = strays.first(where: \.1) else { return }
    throw TrainingError.sharing(
      layer: "training", reason: "\"\(stray)\" is not for weights that networks share; leave it out")
  }

  /// Continues from a checkpoint.
  public func restore(_ checkpoint: Checkpoint) throws {
    try weights.load(checkpoint.state)
    progress = checkpoint.progress
  }

  /// Trains until the end, or until `shouldStop` returns true after a step.
  public func run(shouldStop: () -> Bool = { false }) throws -> Trainer.Outcome {
    lastCheckpoint = clock.now
    while progress.epoch < setup.settings.epochs {
      training.startEpoch(progress.epoch, fromStep: progress.step)
      while progress.step < stepsPerEpoch {
        let began = clock.now
        guard let batch = try training.next() else { break }
        try step(batch)
        progress.sums.seconds += (clock.now - began).inSeconds
        observer.step(
          TrainingObserver.Step(
            progress: progress, stepsPerEpoch: stepsPerEpoch, epochs: setup.settings.epochs,
            metric: setup.task.metric))
        guard progress.step < stepsPerEpoch else { break }
        let isAsked = shouldStop()
        if isAsked || clock.now - lastCheckpoint > setup.checkpointInterval { try saveCheckpoint() }
        if isAsked { return .stopped(progress) }
      }
      try finishEpoch()
      if shouldStop(), progress.epoch < setup.settings.epochs { return .stopped(progress) }
    }
    var graph = setup.graph
    for (name, tensor) in weights.parameters { graph.parameters[name]?.value = tensor }
    return .finished(Trainer.Result(graph: graph, progress: progress))
  }

  // MARK: Steps

  /// Trains the networks of the sandwich on one batch.
  private func step(_ batch: Batch) throws {
    let settings = setup.settings
    let steps = stepsPerEpoch * settings.epochs
    let rate = settings.schedule.rate(peak: settings.learningRate, step: progress.updates, steps: steps)
    var members = [largest, smallest]
    for number in 0..<Self.drawnPerStep {
      var random = SeededRandom(
        seed: setup.seed, purpose: "sandwich", progress.epoch, progress.step, number)
      members.append(try member(of: try draw(&random)))
    }
    let parameters = weights.parameters
    weights.clearGradients()
    for (number, member) in members.enumerated() {
      let score = try gradients(of: member, number, batch, parameters)
      guard number == 0 else { continue }
      progress.sums.loss += score.loss
      if let metric = score.metric { progress.sums.metric = (progress.sums.metric ?? 0) + metric }
      teacher.take(member.objective.outputs.buffers[scoreHead], images: batch.count)
    }
    var scale: Float = 1
    if let limit = settings.gradientClip { scale = min(1, limit / (weights.gradientNorm + 1e-6)) }
    let damaged = weights.update(
      settings.optimizer,
      StepParameters(
        rate: rate, decay: settings.weightDecay, gradientScale: scale, number: progress.updates + 1))
    if let damaged {
      throw TrainingError.weightsNotFinite(
        epoch: progress.epoch + 1, step: progress.step + 1, parameter: damaged)
    }
    progress.step += 1
    progress.updates += 1
    progress.sums.images += batch.count
    progress.sums.rate = rate
  }

  /// Adds the gradients of one network's loss; throws if the loss is not finite.
  private func gradients(
    of member: Member, _ number: Int, _ batch: Batch, _ parameters: [String: Tensor]
  ) throws -> StepObjective.Score {
    let (epoch, step) = (progress.epoch, progress.step)
    let (plan, objective) = (member.plan, member.objective)
    try plan.load(TrainingState(parameters: member.slices?.gathered(parameters) ?? parameters))
    try objective.prepare(batch, epoch: epoch, step: step)
    let images = batch.images
    plan.writeInput(member.input, images.span.extracting(0..<member.input.count))
    objective.write(batch, 0..<batch.count, to: plan)
    plan.run(key: SeededRandom(seed: setup.seed, purpose: "step", epoch, step, number).key)
    let score = objective.score(batch, 0..<batch.count, from: plan)
    guard score.loss.isFinite else {
      throw TrainingError.notFinite(
        epoch: epoch + 1, step: step + 1, loss: score.loss / Double(batch.count), culprit: .loss)
    }
    plan.backward()
    weights.add(try plan.gradients(), by: member.slices)
    return score
  }

  // MARK: Networks

  /// The plan of a drawn network; plans of the last ones are kept.
  private func member(of graph: Graph) throws -> Member {
    let key = graph.structureNode.canonicalJSON
    if let place = drawn.firstIndex(where: { $0.key == key }) {
      let known = drawn.remove(at: place)
      drawn.append(known)
      return known.member
    }
    let made = try Self.learner(graph, setup, training, teacher)
    drawn.append((key, made))
    if drawn.count > Self.keptPlans { drawn.removeFirst() }
    return made
  }

  /// A network that learns from the largest one's outputs.
  private static func learner(
    _ graph: Graph, _ setup: Trainer.Setup, _ source: any BatchSource, _ teacher: InPlaceTeacher
  ) throws -> Member {
    let slices = try WeightSlices(of: setup.graph, by: graph)
    var own = setup
    own.graph = slices.network(setup.graph.parameters.mapValues(\.value))
    own.objective = SoftTargets(temperature: 1, weight: 1)
    own.teacher = nil
    let objective = try StepObjective(
      own, partSize: setup.settings.batch, source: source, reader: teacher)
    return try member(own, objective, slices: slices)
  }

  private static func member(
    _ setup: Trainer.Setup, _ objective: StepObjective, slices: WeightSlices?
  ) throws -> Member {
    let plan = try setup.backend.compile(
      objective.graph,
      PlanOptions(
        batch: setup.settings.batch, mode: .training, precision: setup.precision, threads: setup.threads,
        taps: objective.outputs.heads.map(\.value)))
    try objective.attach(to: plan)
    return Member(
      plan: plan, objective: objective, input: try plan.input(setup.graph.inputs[0].name), slices: slices)
  }

  // MARK: Epochs

  private func finishEpoch() throws {
    let sums = progress.sums
    let images = Double(max(sums.images, 1))
    observer.epoch(
      EpochMetrics(
        epoch: progress.epoch + 1, loss: sums.loss / images, metric: setup.task.metric,
        value: sums.metric.map { $0 / images }, validationLoss: nil, validation: nil, rate: sums.rate,
        weights: setup.graph.nonZeroCount,
        imagesPerSecond: sums.seconds > 0 ? Double(sums.images) / sums.seconds : 0, seconds: sums.seconds))
    progress.epoch += 1
    progress.step = 0
    progress.sums = TrainingProgress.Sums()
    try saveCheckpoint()
  }

  private func saveCheckpoint() throws {
    lastCheckpoint = clock.now
    try checkpoints?.save(Checkpoint(progress: progress, state: weights.state, identity: setup.identity))
  }
}
