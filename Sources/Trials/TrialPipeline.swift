import Datasets
import Encodings
import Execution
import Foundation
package import Graphs
package import Methods
import Metrics
import Ops
import Readings
import Runs
import Settings
import Targets
import Tasks
package import Tensors
package import Training

/// Runs the stages of a trial one after another.
package struct TrialPipeline {
  /// The outcome of the stages.
  struct Outcome {
    /// The network after all stages.
    var graph: Graph
    /// The structure after the last stage that changes it.
    var structure: SettingsNode
    /// The metric on validation images at the end; `nil` without such images.
    var validation: Double?
    var stages: [TrialResult.StageRecord]
    /// The number of images seen, with repeats.
    var trainingImages: Int
    var warnings: [String]
    /// The seconds that finished stages took, in earlier processes too.
    var seconds = 0.0
  }

  private let runner: TrialRunner
  private let data: TrialData
  private let teacher: Graph?
  private let logits: String?
  private let stages: [TrialSpec.Stage]
  private let store: StageStore
  private var outcome: Outcome

  init(_ runner: TrialRunner, data: TrialData, teacher: Graph?, logits: String?) {
    store = StageStore(runner)
    stages = runner.spec.stages
    self.runner = runner
    self.data = data
    self.teacher = teacher
    self.logits = logits
    outcome = Outcome(
      graph: Graph(inputs: []), structure: SettingsNode(.null), stages: [], trainingImages: 0, warnings: [])
  }

  /// Runs every stage that was not finished before, from a starting network.
  func run(_ start: Graph) throws -> Outcome {
    var pipeline = self
    pipeline.outcome.graph = start
    pipeline.outcome.structure = start.structureNode
    if let outcome = store.latest(), outcome.stages.count <= stages.count { pipeline.outcome = outcome }
    for (index, stage) in stages.enumerated().dropFirst(pipeline.outcome.stages.count) {
      try pipeline.run(stage, index)
    }
    if stages.isEmpty { pipeline.outcome.validation = try Self.validate(start, runner, data) }
    return pipeline.outcome
  }

  private mutating func run(_ stage: TrialSpec.Stage, _ index: Int) throws {
    if runner.environment.shouldStop() { throw TrialError.stopped }
    runner.environment.note("stage \(index + 1) of \(stages.count): \(stage.name)")
    let clock = ContinuousClock()
    let began = clock.now
    var warnings: [String] = []
    let before = outcome.graph
    if let choice = stage.choice, choice.method.pacing == .once {
      try apply(choice, index, &warnings)
    }
    if let words = try stage.softTargetsOfFewBits { warnings.append("\(stage.name): \(words)") }
    if let settings = stage.training {
      try train(stage, settings, index)
      let name = stage.choice?.name ?? stage.name
      var said = store.warnings(stage: index).ofEnds
      if let choice = stage.choice, choice.method.settles {
        for words in try settle(choice, index, of: before) where !said.contains(words) { said.append(words) }
      }
      warnings += said.map { "\(name): \($0)" }
    }
    if let choice = stage.choice {
      if warnings.isEmpty, outcome.graph == before { warnings.append("\(choice.name) changed nothing") }
      if choice.order == .structure { outcome.structure = outcome.graph.structureNode }
    }
    let earlier = outcome.validation
    outcome.validation = try Self.validate(outcome.graph, runner, data)
    let isLast = index == runner.spec.stages.count - 1
    if let words = try collapse(since: before, earlier, isLast: isLast) {
      warnings.append("\(stage.name): \(words)")
    }
    outcome.warnings += warnings
    outcome.stages.append(
      try TrialMeasurement(runner, data: data, before: outcome.graph).record(
        stage, outcome.graph, validation: outcome.validation, warnings: warnings))
    outcome.seconds += (clock.now - began).inSeconds
    if index == runner.spec.leaves { try leave(outcome.graph) }
    try store.save(outcome)
    if stage.through != nil {
      StageContinuation.keep(store.checkpoints(stage: index).directory, in: runner.path(""))
    }
    store.checkpoints(stage: index).remove()
  }

  /// Writes the network with the weights that it computes with, for others to start from.
  private func leave(_ graph: Graph) throws {
    var plain = graph
    for (name, parameter) in graph.parameters { plain.parameters[name] = Parameter(parameter.projected) }
    plain.values = [:]
    try TrialFolder.write(
      NetworkFile(graph: plain, note: runner.spec.address).bytes, to: runner.path(TrialFolder.trained))
  }

  /// The number of passes over the training images after which a network at chance level gets a warning.
  private static let patience = 5

  /// The warning that a network is at chance level, or `nil`.
  ///
  /// It is given where a stage brings a better network down to chance, and where a trial ends at chance after
  /// enough training. Controls get none, as they are meant to be bad.
  private func collapse(
    since before: Graph, _ earlier: Double?, isLast: Bool
  ) throws -> String? {
    let metric = data.task.metric
    guard let chance = data.task.chance(classes: data.dataset.classes.count),
      runner.spec.role != .control, let now = outcome.validation, metric.gain(of: now, over: chance) < 0.05
    else { return nil }
    var known = earlier
    if known == nil { known = try Self.validate(before, runner, data) }
    func percent(_ share: Double) -> String { String(format: "%.1f %%", share * 100) }
    guard let earlier = known, metric.gain(of: earlier, over: chance) > 0.3 else {
      let images = Self.patience * data.dataset.count(of: .train)
      guard isLast, outcome.trainingImages >= images else { return nil }
      return
        "validation accuracy is \(percent(now)) at the end, no better than chance: the network learnt nothing; try a lower learning rate, "
        + "\"gradientClip: 1\" in the training, or a lower weight for the terms beside the labels"
    }
    return
      "validation accuracy fell from \(percent(earlier)) to \(percent(now)), no better than chance: the training "
      + "diverged, or the method removed too much; try a lower learning rate, \"gradientClip: 1\" in its training, or a weaker compression"
  }

  // MARK: Methods

  /// Applies a method that acts once; adds a warning if it finds nothing to do.
  private mutating func apply(
    _ choice: MethodChoice, _ index: Int, _ warnings: inout [String]
  ) throws {
    let graph = outcome.graph
    for pattern in try choice.strayPatterns(in: graph) {
      warnings.append("\(choice.name): the override \"\(pattern.text)\" matches no layer")
    }
    let evidence = try StageEvidence(runner, data).of(graph)
    do {
      let rewrite = try choice.compress(
        graph, of: graph, progress: 1, evidence: evidence, random: Self.random(runner.spec, choice, index))
      outcome.graph = rewrite.graph
      warnings += rewrite.warnings.map { "\(choice.name): \($0)" }
    } catch {
      guard case .nothingToDo = error.underlying(as: MethodError.self) else {
        throw Located("stage \(index + 1)", error)
      }
      warnings.append("\(error)")
    }
  }

  /// The random stream of a method in a stage.
  package static func random(_ spec: TrialSpec, _ choice: MethodChoice, _ stage: Int) -> SeededRandom {
    SeededRandom(seed: spec.seed, purpose: "compress " + choice.name, stage)
  }

  /// Removes the parts of a method that act during training alone; returns its warnings.
  private mutating func settle(
    _ choice: MethodChoice, _ index: Int, of original: Graph
  ) throws -> [String] {
    let times = if case .gradual(let times, _) = choice.method.pacing { times } else { 1 }
    let rewrite = try located("stage \(index + 1)") {
      try choice.compress(
        outcome.graph, of: original, progress: 1, evidence: StageEvidence(runner, data).of(outcome.graph),
        random: Self.random(runner.spec, choice, index).refined(by: times))
    }
    outcome.graph = rewrite.graph
    return rewrite.warnings
  }

  // MARK: Training

  private mutating func train(
    _ stage: TrialSpec.Stage, _ settings: TrainingSettings, _ index: Int
  ) throws {
    let settings = data.resolved(settings)
    try adapt(to: stage.distiller(), index)
    let setup = try setup(stage, settings, index)
    let loader = try data.training(settings)
    let validation = try data.validation(batch: settings.validationBatch)
    let log = StageLog(path: runner.path(StageLog.file), stage: stage.name, index: index)
    let note = runner.environment.note
    let observer = TrainingObserver(epoch: { metrics in
      log.append(metrics)
      note(
        String(format: "epoch %d/%d: loss %.4g", metrics.epoch, settings.epochs, metrics.loss)
          + (metrics.value.map { String(format: ", %@ %.2f %%", metrics.metric.name, 100 * $0) } ?? "")
          + (metrics.validation.map { String(format: ", validation %.2f %%", 100 * $0) } ?? ""))
    })
    let shouldStop = runner.environment.shouldStop
    let checkpoints = store.checkpoints(stage: index)
    if let space = runner.spec.space, index == 0 {
      return try trainTogether(space, setup, loader, checkpoints, log, observer)
    }
    let continued = continuation(stage, index)
    let (trainer, checkpoint) = try located("stage \(index + 1)") {
      let checkpoint = try checkpoints.latest(of: setup.identity) ?? continued?.checkpoint
      let trainer = try Trainer(
        setup, training: loader, validation: validation, checkpoints: checkpoints, observer: observer)
      if let checkpoint { try trainer.restore(checkpoint) }
      return (trainer, checkpoint)
    }
    outcome.seconds += try log.begin(keeping: checkpoint?.progress.epoch ?? 0, after: continued)
    let result = try located("stage \(index + 1)") {
      try trainer.run(through: stage.through, shouldStop: shouldStop)
    }
    guard case .finished(let finished) = result else { throw TrialError.stopped }
    outcome.graph = finished.graph
    outcome.trainingImages +=
      (finished.progress.updates - (continued?.epochs ?? 0) * trainer.stepsPerEpoch) * settings.batch
  }

  /// Takes the network that an objective trains in the place of the present one.
  private mutating func adapt(to objective: any Distiller, _ index: Int) throws {
    let before = outcome.graph
    outcome.graph = try located("stage \(index + 1)") {
      try objective.trained(before, teacher: teacher, task: data.task, seed: runner.spec.seed)
    }
    if outcome.graph.nodes != before.nodes { outcome.structure = outcome.graph.structureNode }
  }

  /// Trains all networks of a space as parts of the present one, and measures its batch norms.
  private mutating func trainTogether(
    _ space: SearchedNetwork, _ setup: Trainer.Setup, _ loader: Loader, _ checkpoints: CheckpointStore,
    _ log: StageLog, _ observer: TrainingObserver
  ) throws {
    let checkpoint = try checkpoints.latest(of: setup.identity)
    let trainer = try located("stage 1") {
      let trainer = try ElasticTrainer(
        setup, smallest: try space.smallest(), drawn: { try space.drawn(&$0) }, training: loader,
        checkpoints: checkpoints, observer: observer)
      if let checkpoint { try trainer.restore(checkpoint) }
      return trainer
    }
    outcome.seconds += try log.begin(keeping: checkpoint?.progress.epoch ?? 0)
    let result = try located("stage 1") { try trainer.run(shouldStop: runner.environment.shouldStop) }
    guard case .finished(let finished) = result else { throw TrialError.stopped }
    outcome.graph = try runner.measuredNorms(of: finished.graph, data, images: SharedWeights().images)
    outcome.trainingImages += finished.progress.updates * setup.settings.batch
  }

  /// The checkpoint of a stage that another trial left for this one; `nil` if there is none.
  private func continuation(_ stage: TrialSpec.Stage, _ index: Int) -> StageContinuation? {
    runner.spec.continues.flatMap { StageContinuation($0, of: runner.spec, stage: index, in: runner.folder) }
  }

  private func setup(
    _ stage: TrialSpec.Stage, _ settings: TrainingSettings, _ index: Int
  ) throws -> Trainer.Setup {
    let objective = try stage.distiller()
    var rewriter: StageRewriter?
    if let choice = stage.choice, case .gradual(let times, let share) = choice.method.pacing {
      rewriter = StageRewriter(
        choice: choice, times: times, share: share, original: outcome.graph,
        evidence: StageEvidence(runner, data), warnings: store.warnings(stage: index),
        random: Self.random(runner.spec, choice, index))
    }
    return Trainer.Setup(
      task: data.task, graph: outcome.graph, backend: runner.environment.backend, settings: settings,
      seed: runner.spec.seed, threads: runner.spec.threads, precision: runner.spec.precision,
      identity: store.identity.node,
      objective: objective, teacher: try teacherOutputs(for: objective, index), rewriter: rewriter)
  }

  /// The source of the teacher's outputs for an objective: stored logits where they suffice, else the teacher
  /// itself.
  private func teacherOutputs(for objective: any Distiller, _ index: Int) throws
    -> TeacherOutputs?
  {
    guard !objective.teacherParts.isEmpty else { return nil }
    if objective.teacherParts == [.logits], let logits {
      return .stored(
        try located("stage \(index + 1)") {
          try TeacherLogits(contentsOf: logits)
        }, normalization: data.teacherNormalization)
    }
    return teacher.map { .network($0, change: data.teacherChange) }
  }

  /// The metric on validation images; `nil` without such images.
  static func validate(
    _ graph: Graph, _ runner: TrialRunner, _ data: TrialData
  ) throws -> Double? {
    try scores(of: graph, runner, data)?.value
  }

  /// The scores of a network on validation images; `nil` without such images.
  static func scores(
    of graph: Graph, _ runner: TrialRunner, _ data: TrialData
  ) throws -> (any TaskScores)? {
    guard let loader = try data.validation(batch: TrialMeasurement.batch) else { return nil }
    let evaluator = try Evaluator(
      graph, task: data.task, backend: runner.environment.backend, batch: TrialMeasurement.batch,
      precision: .f32, threads: runner.spec.threads)
    return try evaluator.score(loader)
  }
}

extension TrialSpec.Stage {
  /// The temperature from which students with few bits have been seen to collapse, and these bits.
  ///
  /// Quantized distillation in the Distiller framework collapsed at temperature 5.
  private static let collapsing = (temperature: Float(5), bits: 3)

  /// A warning where weights of few bits learn from a teacher at a high temperature; `nil` otherwise.
  package var softTargetsOfFewBits: String? {
    get throws {
      guard training != nil, let bits = choice?.method.weightBits, bits <= Self.collapsing.bits,
        let temperature = try distiller().temperatureOfTargets, temperature >= Self.collapsing.temperature
      else { return nil }
      return
        "weights of \(bits) \(bits == 1 ? "bit" : "bits") learn from a teacher at a temperature of \(temperature): such students "
        + "have been observed to collapse; set a temperature of 1 to 4"
    }
  }

  /// The stage's objective.
  package func distiller() throws -> any Distiller {
    guard let objective else { return Supervised() }
    return try DistillerCatalogue.read(objective)
  }
}

/// The evidence that methods can ask for in a trial.
package struct StageEvidence {
  private let runner: TrialRunner
  private let data: TrialData
  private let initial: () throws -> [String: Tensor]?
  private let keepsLosses: Bool

  /// Makes the evidence of a trial.
  ///
  /// `initial` returns the weights at initialization, by default from the trial's folder. With `keepsLosses`,
  /// losses of changed networks are kept in the cache.
  package init(
    _ runner: TrialRunner, _ data: TrialData, initial: (() throws -> [String: Tensor]?)? = nil,
    keepsLosses: Bool = true
  ) {
    self.keepsLosses = keepsLosses
    self.runner = runner
    self.data = data
    self.initial = initial ?? runner.initialWeights
  }

  /// The latency in ms that a target's cost model estimates for a network.
  private func latencyMs(of graph: Graph, on target: String) throws -> Double {
    let profile = try TargetProfile.named(target, searching: runner.environment.targetFolders)
    return try profile.estimate(graph, flashBytes: 0)[.latency]?.value ?? 0
  }

  /// The evidence of a network, on training images without augmentation.
  package func of(_ graph: Graph) throws -> any Evidence {
    let loader = try data.evidence(batch: TrialMeasurement.batch)
    let evidence = PlanEvidence(
      graph, task: data.task, backend: runner.environment.backend, source: loader,
      batch: loader.options.batch, threads: runner.spec.threads, initial: initial, latency: latencyMs)
    guard keepsLosses, let cache = runner.environment.datasetOptions.cacheDirectory else { return evidence }
    return KeptLosses(
      evidence, cache: cache, images: loader.stream,
      arithmetic: "\(runner.spec.instructionSet), \(runner.spec.threads) threads")
  }
}

/// A method that acts during the training of its stage.
struct StageRewriter: GraphRewriter {
  let choice: MethodChoice
  let times: Int
  let share: Double
  let original: Graph
  let evidence: StageEvidence
  let warnings: StageWarnings
  let random: SeededRandom

  func points(updates: Int) -> [Int] { RewritePoint.gradual(times: times, share: share, updates: updates) }

  func rewrite(_ graph: Graph, at point: RewritePoint) throws -> Rewrite {
    // A method that settles takes its last step after the training.
    let progress =
      choice.method.settles ? Double(point.index + 1) / Double(point.count + 1) : point.progress
    let rewrite = try choice.compress(
      graph, of: original, progress: progress, evidence: evidence.of(graph),
      random: random.refined(by: point.index))
    try warnings.record(rewrite.warnings, at: point.index)
    return rewrite
  }
}
