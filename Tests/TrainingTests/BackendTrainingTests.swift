import DNNL
import Execution
import Graphs
import Settings
import Tasks
import Tensors
import Testing

@testable import Training

/// Training on oneDNN, with padded and blocked layouts, compared with training on the reference kernels.
@Suite("Training on oneDNN", .serialized)
struct BackendTrainingTests {
  private static func train(
    _ graph: Graph, on backend: any Backend, _ yaml: String, precision: Precision = .f32, stops: [Int] = []
  ) throws -> Trainer.Result {
    let folder = try TemporaryFolder()
    let store = CheckpointStore(directory: folder.path)
    var settings = TrainingSettings()
    settings.epochs = 2
    settings.batch = 8
    try settings.update(from: SettingsNode(yaml: yaml, source: "test"), owner: "training")
    for stop in stops + [Int.max] {
      let trainer = try Trainer(
        Trainer.Setup(
          task: Classification(), graph: graph, backend: backend, settings: settings, seed: 3,
          precision: precision),
        training: SyntheticSource(steps: 6, batch: 8),
        validation: SyntheticSource(steps: 2, batch: 8, seed: 1),
        checkpoints: store)
      if let checkpoint = try store.latest() { try trainer.restore(checkpoint) }
      if case .finished(let result) = try trainer.run(shouldStop: { trainer.progress.updates >= stop }) {
        return result
      }
    }
    throw TrainingError.patienceWithoutValidation
  }

  private static let recipes = [
    "{learningRate: 0.05}", "{learningRate: 0.05, gradientClip: 0.3, accumulationSteps: 2, emaDecay: 0.8}",
    "{learningRate: 0.005, optimizer: adamw, labelSmoothing: 0.1, patience: 1}",
    "{learningRate: 0.05, gradientClip: 0.3, accumulationSteps: 2, emaDecay: 0.8, frozen: logits}",
  ]

  /// Two parameters are not compared.
  ///
  /// The gradient of a bias before a batch norm is only rounding error, which Adam scales up like any
  /// gradient; the running mean follows that bias.
  @Test("Weights end close to the reference's, with every part of a recipe", arguments: recipes)
  func agreement(yaml: String) throws {
    for graph in [try TinyNetwork.plain(), try TinyNetwork.normalized()] {
      let expected = try Self.train(graph, on: ReferenceBackend(), yaml).graph
      let found = try Self.train(graph, on: DNNLBackend(), yaml).graph
      for (name, parameter) in expected.parameters where !["conv.bias", "norm.mean"].contains(name) {
        let values = found.parameters[name]?.value.values ?? []
        #expect(values.count == parameter.value.values.count)
        for (a, b) in zip(values, parameter.value.values) where abs(a - b) > 2e-3 * max(1, abs(b)) {
          Issue.record("\(name): \(a), the reference gives \(b)")
          return
        }
      }
    }
  }

  @Test("Stopped and resumed at any step, oneDNN ends with the same bits", arguments: recipes)
  func resume(yaml: String) throws {
    let backend = DNNLBackend()
    for precision in [Precision.f32, .bf16] where backend.supports(precision) {
      let graph = try TinyNetwork.normalized()
      let straight = try Self.train(graph, on: backend, yaml, precision: precision)
      let resumed = try Self.train(graph, on: backend, yaml, precision: precision, stops: [1, 5, 6, 9])
      #expect(resumed.graph == straight.graph)
      #expect(straight.graph != graph)
    }
  }

  @Test("A value that is not finite is found on oneDNN too")
  func divergence() throws {
    var graph = try TinyNetwork.normalized()
    graph.parameters["norm.scale"]?.value.values[0] = 3e38
    graph.parameters["norm.shift"]?.value.values[0] = 3e38
    do {
      _ = try Self.train(graph, on: DNNLBackend(), "{}")
      Issue.record("training went on")
    } catch let error as TrainingError {
      #expect(error.description.contains("node \"norm\""), "\(error)")
    }
  }
}
