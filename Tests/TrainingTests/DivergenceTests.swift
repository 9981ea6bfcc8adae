import Execution
import Graphs
import Tensors
import Testing

@testable import Training

@Suite("A loss that is not finite")
struct DivergenceTests {
  private static func failure(
    _ graph: Graph, rate: Float = 0.1, decay: Float = 0, damage: (epoch: Int, step: Int)? = nil
  ) throws -> String {
    var settings = TrainingSettings()
    settings.epochs = 3
    settings.batch = 8
    settings.rate = rate
    settings.decay = decay
    settings.schedule = ConstantRate()
    let source = SyntheticSource(steps: 4, batch: 8)
    source.damage = damage
    let trainer = try Trainer(
      Trainer.Setup(graph: graph, backend: ReferenceBackend(), settings: settings), training: source)
    do {
      _ = try trainer.run()
      return "finished"
    } catch {
      return error.description
    }
  }

  @Test("A damaged input stops training with epoch, step and cause")
  func images() throws {
    let message = try Self.failure(TinyNetwork.plain(), damage: (1, 2))
    #expect(
      message
        == "epoch 2, step 3: the loss is nan: the images of the batch are not finite; lower the rate "
        + "(--set training.rate=…) or limit the gradient (--set training.clip=1)")
  }

  @Test("A value that overflows names its node, the first in the order of computation")
  func node() throws {
    var graph = try TinyNetwork.plain()
    graph.parameters["logits.weight"]?.value.values[5] = 3e38
    graph.parameters["logits.bias"]?.value.values[0] = 3e38
    graph.parameters["logits.bias"]?.value.values[1] = 3e38
    let message = try Self.failure(graph)
    #expect(message.hasPrefix("epoch 1, step 1: the loss is nan: node \"logits\" (linear)"), "\(message)")
  }

  @Test("Weights that a step blew up are named as such")
  func parameter() throws {
    let message = try Self.failure(TinyNetwork.plain(), rate: 3e38, decay: 100)
    #expect(message.hasPrefix("epoch 1, step 2: the loss is nan: parameter \"hidden.weight\""), "\(message)")
  }

  @Test("Statistics that are no longer finite stop training though the loss is, and reach no checkpoint")
  func statistics() throws {
    let folder = try TemporaryFolder()
    let store = CheckpointStore(directory: folder.path)
    var settings = TrainingSettings()
    settings.epochs = 3
    settings.batch = 8
    let source = SyntheticSource(steps: 4, batch: 8)
    source.damage = (1, 2)
    let trainer = try Trainer(
      Trainer.Setup(graph: TinyNetwork.normalized(), backend: ReferenceBackend(), settings: settings),
      training: source, checkpoints: store)
    #expect(throws: TrainingError.self) { try trainer.run() }
    #expect(try store.latest()?.progress.epoch == 1)
  }
}
