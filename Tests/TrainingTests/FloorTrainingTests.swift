import Foundation
import Graphs
import Networks
import Settings
import Tasks
import Tensors
import Testing

@testable import DNNL
@testable import Datasets
@testable import Training

/// Images of 4x4 pixels whose left and upper halves are bright or dark, and noisy; the class is whether both are alike, which no weighted
/// sum of pixels tells.
private final class AlikeSource: BatchSource {
  let stepsPerEpoch: Int
  let count: Int
  private let seed: UInt64
  private var place = (epoch: 0, step: 0)

  var stream: SettingsNode { SettingsNode(mapping: ["alike": Int(seed).node]) }

  init(steps: Int, seed: UInt64) {
    stepsPerEpoch = steps
    count = steps * 32
    self.seed = seed
  }

  func startEpoch(_ epoch: Int, fromStep: Int) { place = (epoch, fromStep) }

  func next() throws(DatasetError) -> Batch? {
    guard place.step < stepsPerEpoch else { return nil }
    var random = SeededRandom(seed: seed, purpose: "alike", place.epoch, place.step)
    var images: [Float] = []
    var annotations: [Annotation] = []
    for _ in 0..<32 {
      let (left, upper): (Float, Float) = (random.below(2) == 0 ? 1 : -1, random.below(2) == 0 ? 1 : -1)
      for pixel in 0..<16 {
        images.append((pixel % 4 < 2 ? left : 0) + (pixel < 8 ? upper : 0) + 0.5 * random.normal())
      }
      annotations.append(.label(left == upper ? 1 : 0))
    }
    place.step += 1
    return Batch(images: images, annotations: annotations)
  }
}

@Suite("Trees and prototypes tell what no linear layer can")
struct FloorTrainingTests {
  private static let teachers = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Teachers").path

  private func accuracy(_ name: String, _ variables: [String: Int]) throws -> Double {
    let spec = try NetworkSpec.named(name, searching: [Self.teachers])
    var graph = try spec.build(
      options: NetworkOptions(input: [1, 4, 4], classes: 2, variables: variables.mapValues { $0.node }))
    graph.initializeParameters(seed: 2)
    var settings = TrainingSettings()
    settings.batch = 32
    try settings.update(
      from: SettingsNode(yaml: "{epochs: 6, learningRate: 0.05}", source: "test"), owner: "training")
    var last: Double?
    let trainer = try Trainer(
      Trainer.Setup(
        task: Classification(), graph: graph, backend: DNNLBackend(), settings: settings, seed: 3),
      training: AlikeSource(steps: 60, seed: 1), validation: AlikeSource(steps: 20, seed: 2),
      observer: TrainingObserver(epoch: { last = $0.validation }))
    _ = try trainer.run()
    return try #require(last)
  }

  @Test("A tree and a few prototypes learn it, a linear layer guesses")
  func learns() throws {
    #expect(try accuracy("linear", [:]) < 0.6)
    #expect(try accuracy("bonsai", ["projection": 3, "depth": 1]) > 0.93)
    #expect(try accuracy("protonn", ["projection": 3, "prototypes": 8]) > 0.93)
  }
}
