import DNNL
import Execution
import Graphs
import Ops
import Settings
import Tasks
import Tensors
import TestSupport
import Testing

@testable import Training

@Suite("Hints")
struct HintsTests {
  private static func network(_ channels: Int, seed: UInt64) throws -> Graph {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [1, 6, 6])])
    try graph.append(Conv2D(filters: channels, kernel: 3, padding: 1), name: "conv1", inputs: ["image"])
    try graph.append(BatchNorm(), name: "norm1", inputs: ["conv1"])
    try graph.append(ReLU(), name: "relu1", inputs: ["norm1"])
    try graph.append(MaxPool(kernel: 2), name: "pool", inputs: ["relu1"])
    try graph.append(Conv2D(filters: 2 * channels, kernel: 3, padding: 1), name: "conv2", inputs: ["pool"])
    try graph.append(ReLU(), name: "relu2", inputs: ["conv2"])
    try graph.append(GlobalAveragePool(), name: "mean", inputs: ["relu2"])
    try graph.append(Flatten(), name: "flat", inputs: ["mean"])
    try graph.append(Linear(features: 3), name: "logits", inputs: ["flat"])
    graph.outputs = ["logits"]
    graph.initializeParameters(seed: seed)
    return graph
  }

  private static func objective(_ hints: Hints, _ student: Graph) throws -> Objective {
    var builder = try ObjectiveBuilder(Classification(), student: student, teacher: try network(5, seed: 2))
    try hints.build(&builder)
    return try builder.finished(seed: 7)
  }

  private static func setup(
    _ hints: Hints, backend: any Backend = ReferenceBackend(), epochs: Int = 4,
    rewriter: (any GraphRewriter)? = nil
  ) throws -> Trainer.Setup {
    var settings = TrainingSettings()
    try settings.update(
      from: SettingsNode(
        yaml: "{epochs: \(epochs), batch: 8, learningRate: 0.02, weightDecay: 0}", source: "test"),
      owner: "training")
    return Trainer.Setup(
      task: Classification(), graph: try network(2, seed: 1), backend: backend, settings: settings, seed: 7,
      objective: hints,
      teacher: .network(try network(5, seed: 2)), rewriter: rewriter)
  }

  @Test("By default the middle resolution is compared, alone; a base adds its own losses")
  func defaults() throws {
    let student = try Self.network(2, seed: 1)
    let alone = try Self.objective(Hints(), student)
    #expect(alone.sources == [.student("relu2"), .teacher(.value("relu2"))])
    #expect(alone.terms.map(\.weight) == [1])
    #expect(alone.graph.parameters["objective/hints/relu2/adapter.weight"]?.value.shape == [10, 4, 1, 1])
    let based = try Self.objective(
      Hints(weight: 3, base: Supervised(), pairs: [ValuePair(student: "flat", teacher: "flat")]), student)
    #expect(based.terms.map(\.weight) == [1, 3])
    #expect(based.graph.parameters["objective/hints/flat/adapter.weight"]?.value.shape == [10, 4])
  }

  @Test("Values of other heights, and of features with images, are refused by name")
  func refusals() throws {
    for (student, teacher, words) in [
      ("relu1", "relu2", "objective hints: \"relu1\" is 2x6x6, the teacher's \"relu2\" is 10x3x3"),
      ("relu1", "flat", "objective hints: \"relu1\" is 2x6x6, the teacher's \"flat\" is 10"),
      ("relu7", "relu1", "objective hints: the student has no value \"relu7\"; did you mean \"relu1\"?"),
    ] {
      let hints = Hints(pairs: [ValuePair(student: student, teacher: teacher)])
      let message = errorMessage { _ = try Self.objective(hints, Self.network(2, seed: 1)) }
      #expect(message.contains(words), "\(message)")
    }
    var reserved = Graph(inputs: [GraphInput(name: "image", shape: [4])])
    try reserved.append(Linear(features: 2), name: "objective/x", inputs: ["image"])
    reserved.outputs = ["objective/x"]
    let message = errorMessage { _ = try ObjectiveBuilder(Classification(), student: reserved) }
    #expect(message.contains("names that begin with \"objective/\" are kept"), "\(message)")
  }

  @Test(
    "Training brings the values together; what it trained beside the student is in no network that it gives back",
    arguments: [ReferenceBackend() as any Backend, DNNLBackend()])
  func trains(backend: any Backend) throws {
    var losses: [Double] = []
    let setup = try Self.setup(Hints(weight: 100), backend: backend)
    let trainer = try Trainer(
      setup, training: SyntheticSource(steps: 12, batch: 8),
      observer: TrainingObserver(epoch: { losses.append($0.loss) }))
    let result = try trainer.finished()
    #expect(losses[3] < 0.7 * losses[0])
    #expect(result.graph.structureNode == setup.graph.structureNode)
    #expect(Set(result.graph.parameters.keys) == Set(setup.graph.parameters.keys))
    // Layers behind the hint have not changed, layers before it have.
    #expect(result.graph.parameters["logits.weight"] == setup.graph.parameters["logits.weight"])
    #expect(result.graph.parameters["conv1.weight"] != setup.graph.parameters["conv1.weight"])
  }

  @Test("A training that was killed in the middle of an epoch ends with the bytes of one that was not")
  func resumes() throws {
    let training = try InterruptedTraining(stoppedAfter: 17) { store in
      try Trainer(
        Self.setup(Hints(base: SoftTargets())), training: SyntheticSource(steps: 12, batch: 8),
        checkpoints: store)
    }
    #expect(training.checkpoint.state.parameters["objective/hints/relu2/adapter.weight"] != nil)
    #expect(training.resumed == training.expected)
  }

  /// A rewriter that removes the second channel of the first convolution and the fourth of the second.
  private struct Removal: GraphRewriter {
    func points(updates: Int) -> [Int] { [20] }
    func rewrite(_ graph: Graph, at point: RewritePoint) throws -> Rewrite {
      let groups = graph.channelGroups()
      return try graph.removingChannels([groups[0].units[1], groups[1].units[3]])
    }
  }

  @Test("An adapter keeps the weights of the channels that are left of what it reads")
  func follows() throws {
    let student = try Self.network(2, seed: 1)
    let before = try Self.objective(Hints(), student)
    let rewrite = try Removal().rewrite(
      student, at: RewritePoint(index: 0, count: 1, update: 20, updates: 48))
    let after = try Self.objective(Hints(), rewrite.graph)
    let name = "objective/hints/relu2/adapter.weight"
    let old = try #require(before.graph.parameters[name]?.value)
    let state = TrainingState(
      parameters: try before.joined(to: student).parameters.mapValues(\.value),
      firstMoments: [name: old])
    let carried = try state.carried(by: rewrite.joined(after, before: student, state))
    let kept = old.gathering([0, 1, 2], axis: 1)
    #expect(carried.parameters[name] == kept && carried.firstMoments[name] == kept)
    let trainer = try Trainer(
      Self.setup(Hints(), rewriter: Removal()), training: SyntheticSource(steps: 12, batch: 8))
    let result = try trainer.finished()
    #expect(result.graph.shape(of: "relu2") == [1, 3, 3, 3])
  }
}
