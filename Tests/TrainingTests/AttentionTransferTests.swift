import Execution
import Graphs
import Ops
import Settings
import Tasks
import Tensors
import TestSupport
import Synchronization
import Testing

@testable import Datasets
@testable import Training

@Suite("Attention transfer")
struct AttentionTransferTests {
  static func network(_ channels: Int, deep: Bool = false, side: Int = 6) throws -> Graph {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [1, side, side])])
    try graph.append(Conv2D(filters: channels, kernel: 3, padding: 1), name: "conv1", inputs: ["image"])
    try graph.append(ReLU(), name: "relu1", inputs: ["conv1"])
    var last = "relu1"
    if deep {
      try graph.append(Conv2D(filters: channels, kernel: 3, padding: 1), name: "conv1b", inputs: [last])
      last = try graph.append(ReLU(), name: "relu1b", inputs: ["conv1b"])
    }
    try graph.append(MaxPool(kernel: 2), name: "pool", inputs: [last])
    try graph.append(Conv2D(filters: channels, kernel: 3, padding: 1), name: "conv2", inputs: ["pool"])
    try graph.append(ReLU(), name: "relu2", inputs: ["conv2"])
    try graph.append(GlobalAveragePool(), name: "mean", inputs: ["relu2"])
    try graph.append(Flatten(), name: "flat", inputs: ["mean"])
    try graph.append(Linear(features: 3), name: "logits", inputs: ["flat"])
    graph.outputs = ["logits"]
    graph.initializeParameters(seed: UInt64(channels))
    return graph
  }

  private static func built(
    _ distiller: any Distiller, _ student: Graph, _ teacher: Graph
  ) throws -> Objective {
    var builder = try ObjectiveBuilder(Classification(), student: student, teacher: teacher)
    try distiller.build(&builder)
    return try builder.finished(seed: 0)
  }

  @Test("By default the last values of every resolution that both have are paired")
  func defaultPairs() throws {
    let objective = try Self.built(AttentionTransfer(), Self.network(2), Self.network(5, deep: true))
    #expect(
      objective.sources == [
        .student("logits"), .target(Target(name: "labels", shape: [3])), .student("relu1"),
        .teacher(.value("relu1b")), .student("relu2"),
        .teacher(.value("relu2")),
      ])
    #expect(
      objective.graph.inputs.map(\.shape) == [[3], [3], [2, 6, 6], [5, 6, 6], [2, 3, 3], [5, 3, 3]])
    #expect(objective.terms.map(\.weight) == [1, 1000, 1000])
  }

  @Test(
    "Values that are not there, are no images or have other extents are refused by name",
    arguments: [
      ("relu3", "relu1", "the student has no value \"relu3\"; did you mean \"relu1\"?"),
      ("relu1", "logits", "the teacher's value \"logits\" is 3, expected channels, height and width"),
      ("relu1", "relu2", "\"relu1\" is 2x6x6, the teacher's \"relu2\" is 5x3x3"),
    ])
  func badPairs(student: String, teacher: String, words: String) throws {
    let objective = AttentionTransfer(
      weight: 1, pairs: [ValuePair(student: student, teacher: teacher)])
    let message = errorMessage { _ = try Self.built(objective, Self.network(2), Self.network(5)) }
    #expect(message.contains(words), "\(message)")
  }

  @Test("Networks without a common resolution are refused")
  func nothingCommon() throws {
    let message = errorMessage {
      _ = try Self.built(AttentionTransfer(), Self.network(2), Self.network(2, side: 8))
    }
    #expect(message.contains("no values of equal height and width"), "\(message)")
  }

  private static func train(
    _ objective: any Distiller, teacher: TeacherOutputs?, parts: Int = 1, steps: Int = 12
  ) throws -> (first: Double, last: Double, graph: Graph) {
    var settings = TrainingSettings()
    try settings.update(
      from: SettingsNode(
        yaml: "{epochs: 4, batch: 8, accumulationSteps: \(parts), learningRate: 0.05, weightDecay: 0}",
        source: "test"),
      owner: "training")
    var losses: [Double] = []
    let trainer = try Trainer(
      Trainer.Setup(
        task: Classification(), graph: network(2), backend: ReferenceBackend(), settings: settings, seed: 7,
        objective: objective,
        teacher: teacher),
      training: SyntheticSource(steps: steps, batch: 8),
      observer: TrainingObserver(epoch: { losses.append($0.loss) }))
    guard case .finished(let result) = try trainer.run() else {
      throw TrainingError.patienceWithoutValidation
    }
    return (losses[0], losses[losses.count - 1], result.graph)
  }

  @Test("Training brings the maps together, alone and on soft targets; micro-batches change rounding only")
  func trains() throws {
    let teacher = TeacherOutputs.network(try Self.network(5, deep: true))
    for base in [Supervised(), SoftTargets()] as [any Distiller] {
      let objective = AttentionTransfer(weight: 100, base: base)
      let whole = try Self.train(objective, teacher: teacher)
      #expect(whole.last < whole.first)
      let parts = try Self.train(objective, teacher: teacher, parts: 2)
      #expect(abs(whole.last - parts.last) < 1e-3 * whole.last)
      #expect(whole.graph != (try Self.train(base, teacher: teacher)).graph)
    }
  }

  /// A backend that counts compiled graphs by their number of nodes.
  private struct CountingBackend: Backend {
    private final class Counts: Sendable {
      let byNodes = Mutex<[Int: Int]>([:])
    }

    private let inner = ReferenceBackend()
    private let counts = Counts()
    var name: String { inner.name }
    var instructionSet: String { inner.instructionSet }
    func supports(_ precision: Precision) -> Bool { inner.supports(precision) }

    func compile(
      _ graph: Graph, _ options: PlanOptions, sharing: (any Plan)?
    ) throws(ExecutionError) -> any Plan {
      counts.byNodes.withLock { $0[graph.nodes.count, default: 0] += 1 }
      return try inner.compile(graph, options, sharing: sharing)
    }

    func compiled(_ nodes: Int) -> Int { counts.byNodes.withLock { $0[nodes] ?? 0 } }
  }

  /// A rewriter that keeps the network unchanged, at several points.
  private struct Same: GraphRewriter {
    func points(updates: Int) -> [Int] { [0, 3, 9] }
    func rewrite(_ graph: Graph, at point: RewritePoint) throws -> Rewrite {
      Rewrite(
        graph: graph,
        origin: Dictionary(uniqueKeysWithValues: graph.parameters.keys.map { ($0, Origin(parameter: $0)) }))
    }
  }

  @Test("A teacher that runs alongside is compiled once, however often the student is rewritten")
  func compiledOnce() throws {
    let teacher = try Self.network(5, deep: true)
    var settings = TrainingSettings()
    (settings.epochs, settings.batch) = (1, 8)
    func trained(_ rewriter: (any GraphRewriter)?, _ backend: any Backend) throws -> Graph? {
      let trainer = try Trainer(
        Trainer.Setup(
          task: Classification(), graph: Self.network(2), backend: backend, settings: settings, seed: 7,
          objective: AttentionTransfer(),
          teacher: .network(teacher), rewriter: rewriter),
        training: SyntheticSource(steps: 12, batch: 8))
      let result = try trainer.finished()
      return result.graph
    }
    let backend = CountingBackend()
    let rewritten = try trained(Same(), backend)
    let student = try Self.network(2)
    // The losses of the labels and of two pairs follow the student.
    #expect(backend.compiled(teacher.nodes.count) == 1 && backend.compiled(student.nodes.count + 3) == 4)
    #expect(try rewritten == trained(nil, ReferenceBackend()))
  }

  @Test("Stored logits, a missing teacher and one of other images are refused")
  func refusals() throws {
    for (objective, teacher, words) in [
      (AttentionTransfer(), nil, "objective attention: it learns from a teacher, but none is given"),
      (SoftTargets(), nil, "objective soft-targets: it learns from a teacher, but none is given"),
      (
        SoftTargets(), TeacherOutputs.network(try Self.network(2, side: 8)),
        "teacher: input: expected the student's 1x6x6, found 1x8x8"
      ),
    ] as [(any Distiller, TeacherOutputs?, String)] {
      let message = errorMessage { _ = try Self.train(objective, teacher: teacher) }
      #expect(message.contains(words), "\(message)")
    }
  }
}
