import Execution
import Graphs
import Metrics
import Ops
import Settings
import Tasks
import Tensors
import TestSupport
import Testing

@testable import Datasets
@testable import Training

/// A source of images with one bright square, whose box is their annotation.
final class SquareSource: BatchSource {
  let stepsPerEpoch: Int
  let count: Int
  private let batch: Batch
  private let seed: UInt64
  private var place = (epoch: 0, step: 0)

  init(steps: Int, batch size: Int, seed: UInt64 = 0) {
    (stepsPerEpoch, count, self.seed) = (steps, steps * size, seed)
    batch = Batch(capacity: size, valuesPerImage: 64)
    batch.count = size
  }

  var stream: SettingsNode { SettingsNode(mapping: ["squares": count.node]) }

  func startEpoch(_ epoch: Int, fromStep: Int) { place = (epoch, fromStep) }

  func next() throws(DatasetError) -> Batch? {
    guard place.step < stepsPerEpoch else { return nil }
    var random = SeededRandom(seed: seed, purpose: "squares", place.epoch, place.step)
    for image in 0..<batch.count {
      let (left, top) = (random.below(5), random.below(5))
      for pixel in 0..<64 {
        let isInside = (left..<left + 4).contains(pixel % 8) && (top..<top + 4).contains(pixel / 8)
        batch.images[image * 64 + pixel] = (isInside ? 1 : 0) + 0.1 * random.normal()
      }
      let box = Box(left: Float(left), top: Float(top), right: Float(left + 4), bottom: Float(top + 4))
      batch.annotations[image] = .boxes([LabelledBox(label: 0, box: box)])
      batch.partners[image] = batch.annotations[image]
    }
    batch.step = place.step
    place.step += 1
    return batch
  }
}

@Suite("Tasks other than classification")
struct OtherTaskTests {
  private static func network() throws -> Graph {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [1, 8, 8])])
    try graph.append(Flatten(), name: "flat", inputs: ["image"])
    try graph.append(Linear(features: 16), name: "hidden", inputs: ["flat"])
    try graph.append(ReLU(), name: "relu", inputs: ["hidden"])
    try graph.append(Linear(features: 2), name: "middle", inputs: ["relu"])
    graph.outputs = ["middle"]
    graph.initializeParameters(seed: 1)
    return graph
  }

  @Test("The laws of tasks hold for a task of boxes")
  func laws() throws { try TaskLaws.check(Locating(), Locating.example()) }

  @Test("A task of boxes trains, validates, stops early and is scored by its own metric")
  func boxes() throws {
    let settings = try TrainingSettings(
      from: SettingsNode(
        yaml: "{epochs: 12, batch: 16, learningRate: 0.1, patience: 12, augmentations: []}", source: "test"),
      owner: "training")
    var epochs: [EpochMetrics] = []
    let graph = try Self.network()
    let validation = SquareSource(steps: 4, batch: 16, seed: 9)
    let trainer = try Trainer(
      Trainer.Setup(task: Locating(), graph: graph, backend: ReferenceBackend(), settings: settings),
      training: SquareSource(steps: 20, batch: 16), validation: validation,
      observer: TrainingObserver(epoch: { epochs.append($0) }))
    guard case .finished(let result) = try trainer.run() else {
      Issue.record("it was not stopped")
      return
    }
    func score(_ graph: Graph) throws -> any TaskScores {
      let evaluator = try Evaluator(
        graph, task: Locating(), backend: ReferenceBackend(), batch: 16, precision: .f32, threads: 1)
      return try #require(try evaluator.score(validation))
    }
    let (before, after) = (try score(graph), try score(result.graph))
    #expect(before.value < 0.5 && after.value > 0.8, "\(before.value), \(after.value)")
    #expect(
      result.progress.best?.value == after.value && epochs.compactMap(\.validation).max() == after.value)
    // The metric is no mean over training images, and the task has no loss without an objective.
    let line = try #require(epochs.last?.node)
    #expect(line["map"]?.content == .null && line["validationLoss"]?.content == .null)
    #expect(try line.required("validationMap", of: "an epoch").number("validationMap") > 0.5)
    #expect(after.details as? DetectionDetails != nil)
    try after.details.validate(classes: 1)
  }

  @Test("Checkpoints keep a metric that is no mean, and best epochs without a loss")
  func progress() throws {
    var progress = TrainingProgress()
    progress.best = TrainingProgress.Best(epoch: 2, value: 0.5, loss: nil)
    #expect(try TrainingProgress(from: progress.node) == progress)
    progress.sums.metric = 3
    progress.best?.loss = 0.25
    #expect(try TrainingProgress(from: progress.node) == progress)
  }

  @Test("What needs scores of classes says so of a task without")
  func noScores() throws {
    let graph = try Self.network()
    let message = errorMessage {
      _ = try Trainer(
        Trainer.Setup(
          task: Locating(), graph: graph, backend: ReferenceBackend(), settings: TrainingSettings(),
          objective: SoftTargets(), teacher: .network(graph)), training: SquareSource(steps: 1, batch: 128))
    }
    #expect(message == "training: expected a head \"scores\", found middle; minimize something else")
  }
}
