import Execution
import Foundation
import Graphs
import Settings
import Tasks
import Tensors
import Testing

@testable import Training

@Suite("Trainer")
struct TrainerTests {
  private static func settings(_ yaml: String = "{}") throws -> TrainingSettings {
    var settings = TrainingSettings()
    settings.epochs = 3
    settings.batch = 8
    try settings.update(from: SettingsNode(yaml: yaml, source: "test"), owner: "training")
    return settings
  }

  private static func setup(
    _ graph: Graph, _ yaml: String = "{}", interval: Duration = .seconds(60)
  ) throws -> Trainer.Setup {
    Trainer.Setup(
      task: Classification(), graph: graph, backend: ReferenceBackend(), settings: try settings(yaml),
      seed: 7,
      checkpointInterval: interval)
  }

  private static func result(of outcome: Trainer.Outcome) throws -> Trainer.Result {
    guard case .finished(let result) = outcome else { throw Trainer.Unfinished() }
    return result
  }

  @Test("Training learns what can be learned")
  func learns() throws {
    var epochs: [EpochMetrics] = []
    let trainer = try Trainer(
      Self.setup(TinyNetwork.normalized(), "{epochs: 4}"), training: SyntheticSource(steps: 20, batch: 8),
      validation: SyntheticSource(steps: 5, batch: 8, seed: 1),
      observer: TrainingObserver(epoch: { epochs.append($0) }))
    _ = try Self.result(of: trainer.run())
    #expect(epochs.map(\.epoch) == [1, 2, 3, 4])
    #expect(epochs[3].loss < epochs[0].loss)
    #expect((epochs[3].validation ?? 0) > 0.8, "\(epochs)")
  }

  @Test(
    "Stopped at any step and resumed, training ends with the same bits and the same lines",
    arguments: [
      "{}", "{emaDecay: 0.9, gradientClip: 0.5, optimizer: adamw, learningRate: 0.01}",
      "{accumulationSteps: 2, patience: 2}",
    ])
  func resume(yaml: String) throws {
    let graph = try TinyNetwork.normalized()
    let whole = try TemporaryFolder()
    let straight = try Self.train(graph, yaml, in: whole, stops: [])
    for stops in [[1], [4, 5, 9], [5, 10]] {
      let folder = try TemporaryFolder()
      let resumed = try Self.train(graph, yaml, in: folder, stops: stops)
      #expect(resumed.graph == straight.graph)
      #expect(resumed.progress == straight.progress)
      #expect(try Self.lines(folder) == Self.lines(whole))
    }
  }

  /// Trains in pieces, with a new trainer after each of `stops` updates.
  private static func train(
    _ graph: Graph, _ yaml: String, in folder: TemporaryFolder, stops: [Int]
  ) throws -> Trainer.Result {
    for stop in stops + [Int.max] {
      let store = CheckpointStore(directory: folder.path + "/checkpoint")
      try store.acquire()
      let trainer = try Trainer(
        setup(graph, yaml), training: SyntheticSource(steps: 5, batch: 8),
        validation: SyntheticSource(steps: 2, batch: 8, seed: 1), checkpoints: store,
        log: MetricsLog(path: folder.path + "/metrics.jsonl"))
      if let checkpoint = try store.latest() { try trainer.restore(checkpoint) }
      let outcome = try trainer.run { trainer.progress.updates >= stop }
      if case .finished(let result) = outcome { return result }
      #expect(trainer.progress.updates == stop)
    }
    throw Trainer.Unfinished()
  }

  /// The lines of the metrics file, without values that depend on the clock.
  private static func lines(_ folder: TemporaryFolder) throws -> [String] {
    try String(contentsOfFile: folder.path + "/metrics.jsonl", encoding: .utf8).split(separator: "\n").map {
      String($0.prefix(upTo: $0.range(of: ",\"imagesPerSecond\"")?.lowerBound ?? $0.endIndex))
    }
  }

  @Test("A checkpoint from any earlier moment leads to the same bits, whatever was written after it")
  func killed() throws {
    let graph = try TinyNetwork.normalized()
    let folder = try TemporaryFolder()
    var moments: [Checkpoint] = []
    let store = CheckpointStore(directory: folder.path)
    try store.acquire()
    let log = MetricsLog(path: folder.path + "/metrics.jsonl")
    let trainer = try Trainer(
      Self.setup(graph, interval: .zero), training: SyntheticSource(steps: 4, batch: 8), checkpoints: store,
      log: log,
      observer: TrainingObserver(step: { _ in if let moment = try? store.latest() { moments.append(moment) } }
      ))
    let straight = try Self.result(of: trainer.run())
    #expect(moments.count == 11)
    for moment in moments {
      let again = try Trainer(
        Self.setup(graph), training: SyntheticSource(steps: 4, batch: 8), log: log)
      try again.restore(moment)
      #expect(try Self.result(of: again.run()).graph == straight.graph)
      #expect(try Self.lines(folder).count == 3)
    }
  }

  @Test("Micro-batches give the update of the whole batch where nothing looks at the whole batch")
  func microBatches() throws {
    let graph = try TinyNetwork.plain()
    let graphs = try [1, 4].map { parts in
      let trainer = try Trainer(
        Self.setup(graph, "{accumulationSteps: \(parts), learningRate: 0.05}"),
        training: SyntheticSource(steps: 5, batch: 8))
      return try Self.result(of: trainer.run()).graph
    }
    for (name, parameter) in graphs[0].parameters {
      for (a, b) in zip(parameter.value.values, graphs[1].parameters[name]?.value.values ?? []) {
        #expect(abs(a - b) < 1e-5, "\(name)")
      }
    }
    #expect(graphs[0].parameters != graph.parameters)
  }

  @Test("The average of weights is what the formula says, and is what is kept")
  func average() throws {
    let graph = try TinyNetwork.plain()
    func train(_ yaml: String) throws -> Graph {
      let trainer = try Trainer(
        Self.setup(graph, "{epochs: 1, learningRate: 0.1, schedule: constant, " + yaml + "}"),
        training: SyntheticSource(steps: 1, batch: 8))
      return try Self.result(of: trainer.run()).graph
    }
    let plain = try train("decay: 0")
    let averaged = try train("decay: 0, emaDecay: 0.75")
    for (name, parameter) in graph.parameters {
      let ends = plain.parameters[name]?.value.values ?? []
      let means = averaged.parameters[name]?.value.values ?? []
      for (i, start) in parameter.value.values.enumerated() {
        #expect(abs(means[i] - (0.75 * start + 0.25 * ends[i])) < 1e-6)
      }
    }
  }

  @Test("Clipping shortens the gradient to the limit")
  func clip() throws {
    let graph = try TinyNetwork.plain()
    let trainer = try Trainer(
      Self.setup(
        graph,
        "{epochs: 1, learningRate: 1, weightDecay: 0, gradientClip: 0.01, schedule: constant, optimizer: {momentum: 0}}"
      ),
      training: SyntheticSource(steps: 1, batch: 8))
    let trained = try Self.result(of: trainer.run()).graph
    var sum = 0.0
    for (name, parameter) in graph.parameters {
      for (a, b) in zip(parameter.value.values, trained.parameters[name]?.value.values ?? []) {
        sum += Double(a - b) * Double(a - b)
      }
    }
    #expect(abs(sum.squareRoot() - 0.01) < 1e-4)
  }

  @Test("Early stopping keeps the weights of the best epoch")
  func earlyStopping() throws {
    let training = SyntheticSource(steps: 10, batch: 8)
    training.isScrambled = true
    let validation = SyntheticSource(steps: 4, batch: 8, seed: 1)
    var epochs: [EpochMetrics] = []
    let graph = try TinyNetwork.plain()
    let trainer = try Trainer(
      Self.setup(graph, "{epochs: 50, patience: 2, schedule: constant}"), training: training,
      validation: validation,
      observer: TrainingObserver(epoch: { epochs.append($0) }))
    let result = try Self.result(of: trainer.run())
    let best = try #require(result.progress.best)
    #expect(epochs.count < 50 && epochs.count == best.epoch + 2)
    #expect(best.value == epochs.compactMap(\.validation).max())
    let evaluator = try Evaluator(
      result.graph, task: Classification(), backend: ReferenceBackend(), batch: 8, precision: .f32, threads: 1
    )
    let scores = try #require(try evaluator.score(validation))
    #expect(scores.value == best.value && scores.loss == best.loss)
  }

  @Test("Scores tell outputs that are no numbers")
  func infiniteOutputs() throws {
    for value in [Float(3e38), 1] {
      var graph = try TinyNetwork.plain()
      for (name, parameter) in graph.parameters where name.hasSuffix(".weight") {
        graph.parameters[name]?.value = Tensor(
          parameter.value.values.map { _ in value }, shape: parameter.value.shape)
      }
      let evaluator = try Evaluator(
        graph, task: Classification(), backend: ReferenceBackend(), batch: 8, precision: .f32, threads: 1)
      let scores = try #require(try evaluator.score(SyntheticSource(steps: 1, batch: 8, seed: 1)))
      #expect(scores.isFinite == (value == 1))
    }
  }

  @Test("Early stopping without validation is refused before anything runs")
  func patienceWithoutValidation() throws {
    let setup = try Self.setup(TinyNetwork.plain(), "{patience: 2}")
    #expect(throws: TrainingError.self) {
      try Trainer(setup, training: SyntheticSource(steps: 1, batch: 8))
    }
  }

  @Test("A data set smaller than a batch is refused")
  func tooFewImages() throws {
    let setup = try Self.setup(TinyNetwork.plain())
    #expect(throws: TrainingError.self) {
      try Trainer(setup, training: SyntheticSource(steps: 0, batch: 8))
    }
  }
}
