import DNNL
import Execution
import Foundation
import Graphs
import Ops
import Settings
import Tasks
import Tensors
import TestSupport
import Testing

@testable import Training

@Suite("Mutual learning")
struct MutualLearningTests {
  private static func linear() throws -> Graph {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [4])])
    graph.outputs = [
      try graph.append(Linear(features: 3, bias: false), name: "scores", inputs: ["image"])
    ]
    graph.initializeParameters(seed: 0)
    return graph
  }

  private static func wave(_ shape: Shape, _ step: Double, _ start: Double) -> Tensor {
    Tensor((0..<shape.count).map { Float(sin(step * Double($0) + start)) }, shape: shape)
  }

  /// PyTorch's values of one batch: the loss, the lengths of its gradients by the networks, and an element.
  struct Expected: Sendable {
    let loss: Double
    let lengths: [Double]
    let second: Double

    init(_ loss: Double, _ lengths: [Double], _ second: Double) {
      (self.loss, self.lengths, self.second) = (loss, lengths, second)
    }
  }

  /// Three linear networks, written from the paper's equations in PyTorch in 64 bits, with the others detached.
  @Test(
    "Losses and gradients of all networks are those of PyTorch",
    arguments: [
      Expected(7.41056742, [1.724797472, 0.6990420873, 1.506050445], -0.1803602643),
      Expected(7.587618667, [0.8254493643, 1.090575497, 1.474438368], 0.3203875311),
      Expected(8.603702548, [1.478819734, 1.025170393, 1.145339898], 0.0652452085),
    ].enumerated().map { ($0, $1) })
  func torch(_ k: Int, _ expected: Expected) throws {
    var mutual = MutualLearning()
    (mutual.weight, mutual.temperature, mutual.peers) = (0.8, 2, 2)
    var builder = try ObjectiveBuilder(Classification(), student: Self.linear())
    try mutual.build(&builder)
    let objective = try builder.finished(seed: 0)
    var graph = try objective.joined(to: Self.linear())
    let names = ["scores.weight"] + (1...2).map { "objective/mutual/peer\($0)/network/scores.weight" }
    for (number, name) in names.enumerated() {
      #expect(graph.parameters[name] != nil)
      graph.parameters[name] = Parameter(Self.wave([3, 4], 0.7, Double(number)))
    }
    let plan = try ReferenceBackend().compile(graph, PlanOptions(batch: 5, mode: .training))
    let images = Self.wave([5, 4], 0.9, Double(2 * k + 1)).values
    plan.writeInput(try plan.input("image"), images.span)
    let labels = (0..<15).map { Float(($0 / 3 + k) % 3 == $0 % 3 ? 1 : 0) }
    plan.writeInput(try plan.input("objective/labels"), labels.span)
    plan.run(key: 0)
    var loss = 0.0
    for term in objective.terms {
      var values = [Float](repeating: .nan, count: 5)
      var span = values.mutableSpan
      plan.readTap(try plan.tap(term.value), into: &span)
      loss += values.reduce(0.0) { $0 + Double(term.weight) * Double($1) / 5 }
      let seed = [Float](repeating: term.weight / 5, count: 5)
      plan.writeSeed(try plan.tap(term.value), seed.span)
    }
    plan.backward()
    let gradients = try plan.gradients()
    #expect(abs(loss - expected.loss) < 1e-5 * expected.loss, "\(loss)")
    for (name, length) in zip(names, expected.lengths) {
      let found = (gradients[name]?.values ?? []).reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
      #expect(abs(found - length) < 1e-5 * length, "\(name): \(found)")
    }
    let second = Double(gradients[names[0]]?.values[1] ?? .nan)
    #expect(abs(second - expected.second) < 1e-5, "\(second)")
  }

  private static func setup(_ backend: any Backend, _ yaml: String = "mutual") throws -> Trainer.Setup {
    var settings = TrainingSettings()
    try settings.update(
      from: SettingsNode(yaml: "{epochs: 3, batch: 8, learningRate: 0.02}", source: "test"), owner: "training"
    )
    return Trainer.Setup(
      task: Classification(), graph: try TinyNetwork.normalized(), backend: backend, settings: settings,
      seed: 7, objective: try DistillerCatalogue.read(SettingsNode(yaml: yaml, source: "test")))
  }

  @Test(
    "Training lowers the loss on both backends without a teacher, and gives back the student alone",
    arguments: [ReferenceBackend() as any Backend, DNNLBackend()])
  func trains(backend: any Backend) throws {
    var losses: [Double] = []
    let setup = try Self.setup(backend, "{mutual: {peers: 2}}")
    let trainer = try Trainer(
      setup, training: SyntheticSource(steps: 12, batch: 8),
      observer: TrainingObserver(epoch: { losses.append($0.loss) }))
    let result = try trainer.finished()
    #expect(losses[2] < losses[0], "\(losses)")
    #expect(result.graph.structureNode == setup.graph.structureNode)
    #expect(Set(result.graph.parameters.keys) == Set(setup.graph.parameters.keys))
  }

  @Test("A peer starts from other weights, and a killed training ends with the bytes of one that was not")
  func resumes() throws {
    let training = try InterruptedTraining(stoppedAfter: 17) { store in
      try Trainer(
        Self.setup(ReferenceBackend()), training: SyntheticSource(steps: 12, batch: 8), checkpoints: store)
    }
    let parameters = training.checkpoint.state.parameters
    let peer = parameters["objective/mutual/peer1/network/conv.weight"]
    #expect(peer != nil && peer != parameters["conv.weight"])
    #expect(training.resumed == training.expected)
  }

  @Test("No gradient goes back through what is said")
  func stops() {
    let x = Self.wave([2, 3], 0.7, 1)
    var frame = KernelFrame(
      inputs: [x], parameters: [], output: Tensor(repeating: .nan, shape: [2, 3]), mode: .training,
      random: SeededRandom(seed: 0, purpose: "stop"))
    StopGradient().forward(&frame)
    var gradient = GradientFrame(frame, outputGradient: Tensor(repeating: 1, shape: [2, 3]))
    StopGradient().backward(&gradient)
    #expect(frame.output == x && gradient.inputGradients[0] == Tensor(zeros: [2, 3]))
  }

  @Test("A task without scores of whole images is refused")
  func otherTask() throws {
    let graph = try Locating.example().graph
    let message = errorMessage {
      var builder = try ObjectiveBuilder(Locating(), student: graph)
      try MutualLearning().build(&builder)
    }
    #expect(message.contains("expected a head \"scores\""), "\(message)")
  }
}
