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

@Suite("Distillers of values")
struct FeatureDistillersTests {
  static let names = [
    "similarity", "correlation", "relational", "probabilistic", "neuron-selectivity", "activation-boundaries",
    "variational", "review", "contrastive",
  ]

  private static func read(_ yaml: String) throws -> any Distiller {
    try DistillerCatalogue.read(SettingsNode(yaml: yaml, source: "test"))
  }

  private static func built(
    _ yaml: String, student: Graph? = nil, teacher: Graph? = nil
  ) throws -> Objective {
    var builder = try ObjectiveBuilder(
      Classification(), student: student ?? AttentionTransferTests.network(2),
      teacher: teacher ?? AttentionTransferTests.network(5, deep: true))
    try read(yaml).build(&builder)
    return try builder.finished(seed: 7)
  }

  @Test(
    "By default each compares what its paper compares, with its weights, on top of the labels",
    arguments: [
      ("similarity", ["relu2"], ["relu2"], [1, 3000]), ("correlation", ["flat"], ["flat"], [1, 100]),
      ("relational", ["flat"], ["flat"], [1, 25, 50]), ("probabilistic", ["flat"], ["flat"], [1, 30000]),
      ("neuron-selectivity", ["relu1", "relu2"], ["relu1b", "relu2"], [1, 50, 50]),
      ("activation-boundaries", ["conv1", "conv2"], ["conv1b", "conv2"], [0.0015, 0.003]),
      ("variational", ["relu1", "relu2"], ["relu1b", "relu2"], [1, 1, 1]),
      ("contrastive", ["flat"], ["flat"], [1, 0.8]),
      ("review", ["flat", "relu2", "relu1"], ["flat", "relu2", "relu1b"], [1, 1, 1, 1]),
    ] as [(String, [String], [String], [Float])])
  func defaults(name: String, student: [String], teacher: [String], weights: [Float]) throws {
    let objective = try Self.built(name)
    let own = objective.sources.compactMap { if case .student(let value) = $0 { value } else { nil } }
    #expect(own.filter { $0 != "logits" } == student)
    #expect(objective.teacherValues == teacher)
    #expect(objective.terms.map(\.weight) == weights)
  }

  @Test("Adapters make the teacher's channels of the student's, in layers of the objective alone")
  func adapters() throws {
    let boundaries = try Self.built("activation-boundaries")
    let name = "objective/activation-boundaries/conv2/adapter.weight"
    #expect(boundaries.graph.parameters[name]?.value.shape == [5, 2, 1, 1])
    let same = try Self.built("activation-boundaries", teacher: AttentionTransferTests.network(2, deep: true))
    #expect(same.graph.parameters.isEmpty)
    let variational = try Self.built("{variational: {pairs: {flat: flat}}}").graph.parameters
    #expect(variational["objective/variational/flat/adapter1.weight"]?.value.shape == [5, 2])
    #expect(variational["objective/variational/flat/adapter3.weight"]?.value.shape == [5, 5])
    #expect(variational["objective/variational/flat/variances.bias"]?.value == Tensor(zeros: [5]))
    let review = try Self.built("{review: {channels: 3}}").graph.parameters
    #expect(review["objective/review/relu1/reduce.weight"]?.value.shape == [3, 2, 1, 1])
    #expect(review["objective/review/relu1/own-gate.weight"]?.value.shape == [1, 6, 1, 1])
    #expect(review["objective/review/relu1/expand.weight"]?.value.shape == [5, 3, 3, 3])
    #expect(review["objective/review/flat/own-gate.weight"] == nil)
    let contrastive = try Self.built("{contrastive: {features: 7, pairs: {relu2: flat}}}").graph.parameters
    #expect(contrastive["objective/contrastive/relu2/student-adapter.weight"]?.value.shape == [7, 18])
    #expect(contrastive["objective/contrastive/relu2/teacher-adapter.weight"]?.value.shape == [7, 5])
  }

  @Test("Flows go from one resolution to the next, the larger averaged")
  func flow() throws {
    let objective = try Self.built("flow", teacher: AttentionTransferTests.network(2, deep: true))
    #expect(objective.terms.map(\.weight) == [1, 50])
    let flows = objective.graph.nodes.filter { $0.op is FlowMatrix }
    #expect(
      flows.map(\.inputs) == [
        ["objective/flow/relu2/student/averaged", "relu2"],
        ["objective/flow/relu2/teacher/averaged", "objective/teacher/value/relu2"],
      ])
    #expect(objective.graph.shape(of: flows[0].name) == [1, 4])
  }

  @Test(
    "What cannot be compared is refused by name",
    arguments: [
      (
        "flow",
        "objective flow: \"relu1\" is 2x6x6, the teacher's \"relu1b\" is 5x6x6: the numbers of channels"
      ),
      (
        "{flow: {pairs: {relu1: relu1}}}",
        "objective flow: it compares each value with the next, but found only \"relu1\""
      ),
      (
        "{similarity: {pairs: {relu7: relu1}}}", "the student has no value \"relu7\"; did you mean \"relu1\"?"
      ),
      ("{relational: {pairs: {flat: flut}}}", "the teacher has no value \"flut\"; did you mean \"flat\"?"),
      ("{neuron-selectivity: {pairs: {flat: flat}}}", "\"flat\" is 2, expected channels, height and width"),
      (
        "{variational: {pairs: {relu1: relu2}}}",
        "objective variational: \"relu1\" is 2x6x6, the teacher's \"relu2\""
      ),
      ("{activation-boundaries: {margin: -1}}", "\"margin\" must be a number in 0"),
    ])
  func refusals(yaml: String, words: String) {
    let message = errorMessage { _ = try Self.built(yaml) }
    #expect(message.contains(words), "\(message)")
  }

  @Test("Values that relate images may be of any two shapes")
  func anyShapes() throws {
    for name in ["similarity", "correlation", "relational", "probabilistic"] {
      let objective = try Self.built("{\(name): {pairs: {relu2: flat}}}")
      #expect(objective.teacherValues == ["flat"])
    }
  }

  @Test("Without the teacher's network, and without a layer before the scores, they are refused")
  func missing() throws {
    var direct = Graph(inputs: [GraphInput(name: "image", shape: [1, 6, 6])])
    try direct.append(Flatten(), name: "flat", inputs: ["image"])
    direct.outputs = [try direct.append(Linear(features: 3), name: "logits", inputs: ["flat"])]
    // The flattened image is a value like any other, but the image itself is none.
    #expect(try Self.built("correlation", student: direct).sources.contains(.student("flat")))
    var bare = Graph(inputs: [GraphInput(name: "image", shape: [4])])
    bare.outputs = [try bare.append(Linear(features: 3), name: "logits", inputs: ["image"])]
    let message = errorMessage { _ = try Self.built("correlation", student: bare) }
    #expect(message.contains("the student makes its scores directly from the image"), "\(message)")
    for name in Self.names + ["flow"] {
      let message = errorMessage {
        var builder = try ObjectiveBuilder(Classification(), student: AttentionTransferTests.network(2))
        try Self.read(name).build(&builder)
      }
      #expect(message.contains("objective \(name): it compares values within the networks"), "\(message)")
      #expect(try Self.read("{\(name): {base: decoupled}}").teacherParts == [.logits, .values])
    }
  }

  @Test("Where there are no scores, pairs have to be named; values can be compared all the same")
  func otherTask() throws {
    let graph = try Locating.example().graph
    let message = errorMessage {
      var builder = try ObjectiveBuilder(Locating(), student: graph, teacher: graph)
      try Self.read("relational").build(&builder)
    }
    #expect(message.contains("expected a head \"scores\""), "\(message)")
    var builder = try ObjectiveBuilder(Locating(), student: graph, teacher: graph)
    try Self.read("{relational: {pairs: {middle: middle}}}").build(&builder)
    #expect(try builder.finished(seed: 0).terms.map(\.weight) == [1, 25, 50])
  }

  private static func setup(
    _ yaml: String, _ backend: any Backend, threads: Int = 1, epochs: Int = 4
  ) throws -> Trainer.Setup {
    var settings = TrainingSettings()
    try settings.update(
      from: SettingsNode(
        yaml: "{epochs: \(epochs), batch: 8, learningRate: 0.02, weightDecay: 0, gradientClip: 1}",
        source: "test"),
      owner: "training")
    return Trainer.Setup(
      task: Classification(), graph: try AttentionTransferTests.network(2), backend: backend,
      settings: settings, seed: 7, threads: threads, objective: try read(yaml),
      teacher: .network(try AttentionTransferTests.network(yaml.contains("flow") ? 2 : 5, deep: true)))
  }

  @Test(
    "Training lowers them on both backends, and gives back the student alone", arguments: names + ["flow"],
    [ReferenceBackend() as any Backend, DNNLBackend()])
  func trains(name: String, backend: any Backend) throws {
    var losses: [Double] = []
    let setup = try Self.setup(name, backend)
    let trainer = try Trainer(
      setup, training: SyntheticSource(steps: 12, batch: 8),
      observer: TrainingObserver(epoch: { losses.append($0.loss) }))
    let result = try trainer.finished()
    #expect(losses[3] < losses[0], "\(losses)")
    #expect(result.graph.structureNode == setup.graph.structureNode)
    #expect(Set(result.graph.parameters.keys) == Set(setup.graph.parameters.keys))
    #expect(result.graph.parameters["conv1.weight"] != setup.graph.parameters["conv1.weight"])
  }

  @Test("Two trainings on two threads end with the same bytes", arguments: names)
  func repeats(name: String) throws {
    func trained() throws -> Graph? {
      let trainer = try Trainer(
        Self.setup(name, DNNLBackend(), threads: 2, epochs: 1), training: SyntheticSource(steps: 6, batch: 8))
      let result = try trainer.finished()
      return result.graph
    }
    let (first, second) = (try trained(), try trained())
    #expect(first != nil && first == second)
  }

  @Test(
    "A training that was killed ends with the bytes of one that was not",
    arguments: ["variational", "review"])
  func resumes(name: String) throws {
    let training = try InterruptedTraining(stoppedAfter: 17) { store in
      try Trainer(
        Self.setup(name, ReferenceBackend()), training: SyntheticSource(steps: 12, batch: 8),
        checkpoints: store)
    }
    #expect(training.resumed == training.expected)
  }
}
