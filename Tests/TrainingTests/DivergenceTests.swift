import DNNL
import Execution
import Graphs
import Tasks
import Tensors
import Testing

@testable import Training

@Suite("A loss that is not finite")
struct DivergenceTests {
  private static func failure(
    _ graph: Graph, rate: Float = 0.1, decay: Float = 0, damage: (epoch: Int, step: Int)? = nil,
    backend: any Backend = ReferenceBackend()
  ) throws -> String {
    var settings = TrainingSettings()
    settings.epochs = 3
    settings.batch = 8
    settings.learningRate = rate
    settings.weightDecay = decay
    settings.schedule = ConstantRate()
    let source = SyntheticSource(steps: 4, batch: 8)
    source.damage = damage
    let trainer = try Trainer(
      Trainer.Setup(task: Classification(), graph: graph, backend: backend, settings: settings),
      training: source)
    do {
      _ = try trainer.run()
      return "finished"
    } catch {
      return "\(error)"
    }
  }

  @Test("A damaged input stops training with epoch, step and cause")
  func images() throws {
    let message = try Self.failure(TinyNetwork.plain(), damage: (1, 2))
    #expect(
      message
        == "epoch 2, step 3: the loss is nan: the images of the batch are not finite; lower the learning rate "
        + "(--set training.learningRate=…) or limit the gradient (--set training.gradientClip=1)")
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

  @Test(
    "Weights that a step blows up stop training in that step, on both backends", arguments: [false, true])
  func parameter(isNative: Bool) throws {
    let backend: any Backend = isNative ? DNNLBackend() : ReferenceBackend()
    let message = try Self.failure(TinyNetwork.plain(), rate: 3e38, decay: 100, backend: backend)
    #expect(
      message.hasPrefix(
        "epoch 1, step 1: parameter \"hidden.weight\" is no longer finite; lower the learning rate"),
      "\(message)")
  }

  @Test(
    "A plan tells of weights and statistics that are not finite after an update", arguments: [false, true])
  func plan(isNative: Bool) throws {
    let backend: any Backend = isNative ? DNNLBackend() : ReferenceBackend()
    let graph = try TinyNetwork.normalized()
    let plan = try backend.compile(graph, PlanOptions(batch: 8, mode: .training))
    let images = [Float](repeating: 0.5, count: 8 * graph.inputs[0].shape.count)
    func step() {
      plan.forward(images.span, key: 0)
      plan.backward()
      plan.update(SGD(), StepParameters(rate: 0.1))
    }
    step()
    #expect(plan.isFinite)
    let good = plan.snapshot()
    for (name, tensor) in good.parameters {
      for value in [Float.infinity, .nan, -.infinity] {
        var damaged = good
        damaged.parameters[name]?.values[tensor.values.count - 1] = value
        try plan.load(damaged)
        step()
        #expect(!plan.isFinite, "\(name) \(value)")
      }
    }
    try plan.load(good)
    step()
    #expect(plan.isFinite)
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
      Trainer.Setup(
        task: Classification(), graph: TinyNetwork.normalized(), backend: ReferenceBackend(),
        settings: settings),
      training: source, checkpoints: store)
    #expect(throws: TrainingError.self) { try trainer.run() }
    #expect(try store.latest()?.progress.epoch == 1)
  }
}
