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

@Suite("Reused classifier")
struct ReusedClassifierTests {
  /// A convolution, a rectifier, a pooling and a classifier of the maps' means.
  private static func network(_ channels: Int, pool: Int, stride: Int? = nil) throws -> Graph {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [1, 8, 8])])
    try graph.append(Conv2D(filters: channels, kernel: 3, padding: 1), name: "conv", inputs: ["image"])
    var last = try graph.append(ReLU(), name: "relu", inputs: ["conv"])
    if pool > 1 {
      last = try graph.append(MaxPool(kernel: pool, stride: stride), name: "pool", inputs: [last])
    }
    try graph.append(GlobalAveragePool(), name: "mean", inputs: [last])
    try graph.append(Flatten(), name: "flat", inputs: ["mean"])
    graph.outputs = [try graph.append(Linear(features: 3), name: "logits", inputs: ["flat"])]
    graph.initializeParameters(seed: 0)
    return graph
  }

  /// A perceptron, whose classifier reads a vector.
  private static func perceptron(_ hidden: Int, seed: UInt64) throws -> Graph {
    let side = SyntheticSource.side
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [1, side, side])])
    try graph.append(Flatten(), name: "flat", inputs: ["image"])
    try graph.append(Linear(features: hidden), name: "hidden", inputs: ["flat"])
    try graph.append(ReLU(), name: "relu", inputs: ["hidden"])
    graph.outputs = [try graph.append(Linear(features: 3), name: "logits", inputs: ["relu"])]
    graph.initializeParameters(seed: seed)
    return graph
  }

  private static func trained(
    _ student: Graph, _ teacher: Graph, _ distiller: ReusedClassifier = ReusedClassifier()
  ) throws -> Graph {
    try distiller.trained(student, teacher: teacher, task: Classification(), seed: 7)
  }

  /// `s·sin(step·i + start)`, rounded to floats.
  private static func wave(_ shape: Shape, _ step: Double, _ start: Double, scale: Double = 0.5) -> Tensor {
    Tensor((0..<shape.count).map { Float(scale * sin(step * Double($0) + start)) }, shape: shape)
  }

  /// PyTorch's values of one batch.
  struct Expected: Sendable {
    let loss, byStudent, byProjector, score: Double

    init(_ loss: Double, _ byStudent: Double, _ byProjector: Double, _ score: Double) {
      (self.loss, self.byStudent, self.byProjector, self.score) = (loss, byStudent, byProjector, score)
    }
  }

  /// The authors' class SimKD, run in PyTorch in 64 bits on waves for images and weights.
  ///
  /// The values are the loss, the lengths of its gradients by the student's convolution and by the projector's last
  /// one, and the first image's second score. Student and teacher divide the resolution of 8x8 by `pools`.
  static let cases: [(pools: [Int], expected: [Expected])] = [
    (
      [2, 2],
      [
        Expected(0.3757944932, 0.05491685203, 0.9578373788, 0.33039496),
        Expected(0.3779191177, 0.04392126201, 0.8193228081, 0.3771756934),
        Expected(0.3747762353, 0.08899669367, 1.072921947, 0.2643090056),
      ]
    ),
    (
      [1, 2],
      [
        Expected(0.3793770638, 0.03995696129, 1.551897699, 0.3259284463),
        Expected(0.3824593844, 0.02071960751, 1.132337233, 0.33001468),
        Expected(0.3832474628, 0.06405145803, 1.342870853, 0.3589241793),
      ]
    ),
    (
      [4, 2],
      [
        Expected(0.250901882, 0.07476651858, 0.337833793, 0.3677176378),
        Expected(0.2434266511, 0.05930508218, 0.1146478892, 0.27378501),
        Expected(0.2482545455, 0.3150404333, 0.5213090102, 0.1812241148),
      ]
    ),
  ]

  @Test("Loss, gradients and scores are those of the authors' code in PyTorch", arguments: 0..<3, 0..<3)
  func torch(_ index: Int, _ k: Int) throws {
    let (pools, expected) = (Self.cases[index].pools, Self.cases[index].expected[k])
    var (own, teacher) = (try Self.network(3, pool: pools[0]), try Self.network(4, pool: pools[1]))
    func set(_ name: String, _ number: Int, in graph: inout Graph) throws {
      let shape = try #require(graph.parameters[name]?.value.shape)
      graph.parameters[name] = Parameter(Self.wave(shape, 0.7, Double(number)))
    }
    try set("conv.weight", 0, in: &own)
    try set("conv.bias", 1, in: &own)
    for (number, name) in ["conv.weight", "conv.bias", "logits.weight", "logits.bias"].enumerated() {
      try set(name, 2 + number, in: &teacher)
    }
    var student = try Self.trained(own, teacher)
    for (number, name) in ["reduce", "core", "expand"].enumerated() {
      try set("reused.\(name).weight", 6 + number, in: &student)
    }
    var builder = try ObjectiveBuilder(Classification(), student: student, teacher: teacher)
    try ReusedClassifier().build(&builder)
    let objective = try builder.finished(seed: 0)
    let images = Self.wave([5, 1, 8, 8], 0.9, Double(2 * k + 1), scale: 1).values
    let its = try #require(objective.teacherValues.first)
    let asked = try ReferenceBackend().compile(
      teacher, PlanOptions(batch: 5, mode: .inference, taps: [its]))
    asked.forward(images.span, key: 0)
    let plan = try ReferenceBackend().compile(
      objective.joined(to: student), PlanOptions(batch: 5, mode: .training, taps: student.outputs))
    plan.writeInput(try plan.input("image"), images.span)
    let said = try Self.read(asked, its)
    plan.writeInput(try plan.input(Objective.prefix + "teacher/value/" + its), said.span)
    plan.run(key: 0)
    let term = try #require(objective.terms.first)
    let losses = try Self.read(plan, term.value)
    let seed = Array(repeating: Float(0.2) * term.weight, count: 5)
    plan.writeSeed(try plan.tap(term.value), seed.span)
    plan.backward()
    let gradients = try plan.gradients()
    func length(_ name: String) -> Double {
      (gradients[name]?.values ?? []).reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    }
    func isNear(_ found: Double, _ wanted: Double, _ tolerance: Double) -> Bool {
      abs(found - wanted) <= tolerance * abs(wanted)
    }
    let loss = losses.reduce(0.0) { $0 + Double($1) } / 5
    #expect(isNear(loss, expected.loss, 1e-5), "\(loss)")
    #expect(isNear(length("conv.weight"), expected.byStudent, 1e-4), "\(length("conv.weight"))")
    #expect(isNear(length("reused.expand.weight"), expected.byProjector, 1e-4))
    #expect(isNear(Double(try Self.read(plan, student.outputs[0])[1]), expected.score, 1e-5))
  }

  private static func read(_ plan: any Plan, _ value: String) throws -> [Float] {
    let tap = try plan.tap(value)
    var values = [Float](repeating: .nan, count: tap.count)
    var span = values.mutableSpan
    plan.readTap(tap, into: &span)
    return values
  }

  @Test("What ships is the student's maps, the projector and the teacher's classifier, and all of it counts")
  func counts() throws {
    let (own, teacher) = (try Self.network(3, pool: 4), try Self.network(8, pool: 2))
    let student = try Self.trained(own, teacher)
    #expect(
      student.nodes.map(\.name) == [
        "conv", "relu", "pool", "reused.reduce", "reused.reduce-norm", "reused.reduce-relu", "reused.core",
        "reused.core-norm", "reused.core-relu", "reused.expand", "reused.expand-norm", "reused.features",
        "reused.classifier.mean", "reused.classifier.flat", "reused.classifier.logits",
      ])
    // The convolution has 30 numbers; 3 to 4, 4 to 4 and 4 to 8 channels, two for each norm's; 8·3 + 3 of the teacher.
    #expect(student.parameterCount == 30 + (12 + 8) + (144 + 8) + (32 + 16) + 27)
    // 8x8 places of the student's convolution, 2x2 of the projector.
    #expect(student.multiplyAdds == 64 * 27 + 4 * (12 + 144 + 32) + 24)
    #expect(student.parameters["reused.classifier.logits.weight"] == teacher.parameters["logits.weight"])
    #expect(student.parameters["conv.weight"] == own.parameters["conv.weight"])
    try student.verify()
    #expect(try Self.trained(student, teacher) == student, "it is made once")
    var quarter = ReusedClassifier()
    quarter.reduction = 4
    #expect(try Self.trained(own, teacher, quarter).shape(of: "reused.core") == [1, 2, 2, 2])
    // The student's maps are larger: they are averaged before the projector.
    let larger = try Self.trained(Self.network(3, pool: 1), teacher)
    #expect(larger.shape(of: "reused.averaged") == [1, 3, 4, 4])
  }

  @Test("Classifiers of vectors are reused through linear layers; one of maps and one of vectors do not fit")
  func vectors() throws {
    let (own, teacher) = (try Self.perceptron(4, seed: 1), try Self.perceptron(10, seed: 2))
    let student = try Self.trained(own, teacher)
    #expect(
      student.nodes.map(\.name).suffix(7) == [
        "reused.reduce", "reused.reduce-relu", "reused.core", "reused.core-relu", "reused.expand",
        "reused.features", "reused.classifier.logits",
      ])
    #expect(student.shape(of: "reused.core") == [1, 5] && student.shape(of: "reused.features") == [1, 10])
    let maps = try AttentionTransferTests.network(5)
    // The maps' means are vectors too.
    #expect(try Self.trained(own, maps).shape(of: "reused.features") == [1, 5])
    var convolutional = Graph(inputs: [GraphInput(name: "image", shape: [1, 6, 6])])
    try convolutional.append(Conv2D(filters: 3, kernel: 1), name: "scores", inputs: ["image"])
    try convolutional.append(GlobalAveragePool(), name: "mean", inputs: ["scores"])
    convolutional.outputs = [try convolutional.append(Flatten(), name: "flat", inputs: ["mean"])]
    convolutional.initializeParameters(seed: 3)
    let message = errorMessage { _ = try Self.trained(own, convolutional) }
    #expect(message.contains("objective reused-classifier: student and teacher must both make"), "\(message)")
    let missing = errorMessage {
      _ = try ReusedClassifier().trained(own, teacher: nil, task: Classification(), seed: 0)
    }
    #expect(missing.contains("it learns from a teacher, but none is given"), "\(missing)")
    let uneven = errorMessage {
      _ = try Self.trained(Self.network(3, pool: 2, stride: 3), Self.network(4, pool: 2))
    }
    #expect(uneven.contains("the same multiple"), "\(uneven)")
  }

  private static func setup(
    _ backend: any Backend, _ yaml: String = "reused-classifier", decay: Double = 0.01, vectors: Bool = false
  ) throws -> Trainer.Setup {
    var settings = TrainingSettings()
    try settings.update(
      from: SettingsNode(
        yaml: "{epochs: 4, batch: 8, learningRate: 0.02, weightDecay: \(decay)}", source: "test"),
      owner: "training")
    let objective = try DistillerCatalogue.read(SettingsNode(yaml: yaml, source: "test"))
    let teacher =
      vectors ? try perceptron(10, seed: 2) : try AttentionTransferTests.network(6, deep: true)
    let student = vectors ? try perceptron(4, seed: 1) : try AttentionTransferTests.network(3)
    return Trainer.Setup(
      task: Classification(),
      graph: try objective.trained(student, teacher: teacher, task: Classification(), seed: 7),
      backend: backend, settings: settings, seed: 7, objective: objective, teacher: .network(teacher))
  }

  @Test(
    "Training lowers the loss on both backends, and leaves the teacher's classifier as it is",
    arguments: [ReferenceBackend() as any Backend, DNNLBackend()],
    ["reused-classifier", "{reused-classifier: {base: soft-targets}}"])
  func trains(backend: any Backend, yaml: String) throws {
    for vectors in [false, true] {
      var losses: [Double] = []
      let setup = try Self.setup(backend, yaml, vectors: vectors)
      let trainer = try Trainer(
        setup, training: SyntheticSource(steps: 12, batch: 8),
        observer: TrainingObserver(epoch: { losses.append($0.loss) }))
      let result = try trainer.finished()
      #expect(losses[3] < losses[0], "\(losses)")
      #expect(result.graph.structureNode == setup.graph.structureNode)
      for name in ["reused.classifier.logits.weight", "reused.classifier.logits.bias"] {
        #expect(result.graph.parameters[name] == setup.graph.parameters[name])
      }
      let name = "reused.expand.weight"
      #expect(result.graph.parameters[name] != setup.graph.parameters[name])
    }
  }

  @Test("A training that was killed ends with the bytes of one that was not")
  func resumes() throws {
    let training = try InterruptedTraining(stoppedAfter: 17) { store in
      try Trainer(
        Self.setup(ReferenceBackend()), training: SyntheticSource(steps: 12, batch: 8), checkpoints: store)
    }
    #expect(training.resumed == training.expected)
  }
}
