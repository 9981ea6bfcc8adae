import Execution
import Graphs
import Ops
import Settings
import Tensors
import TestSupport
import Synchronization
import Testing

@testable import Datasets
@testable import Training

@Suite("Attention transfer")
struct AttentionTransferTests {
  private static let pair = ValuePair(
    student: "s", teacher: "t", studentShape: [3, 2, 2], teacherShape: [5, 2, 2])

  private static func values(_ count: Int, _ purpose: String) -> [Float] {
    var random = SeededRandom(seed: 5, purpose: purpose)
    return (0..<count).map { _ in random.normal() }
  }

  private static func evaluate(
    _ student: [Float], _ teacher: [Float], images: Int = 2
  ) -> (loss: Double, gradient: [Float]) {
    let objective = AttentionTransfer(weight: 10)
    var gradient = [Float](repeating: .nan, count: student.count)
    var scratch = [Float](repeating: .nan, count: objective.scratchCount(pair))
    var span = gradient.mutableSpan
    var room = scratch.mutableSpan
    let loss = objective.evaluateValue(
      student.span, teacher: teacher.span, pair, images: images, scratch: &room, gradient: &span)
    return (loss, gradient)
  }

  /// The formula, in 64 bits.
  private static func formula(_ student: [Float], _ teacher: [Float]) -> Double {
    func map(_ values: ArraySlice<Float>, channels: Int) -> [Double] {
      let values = values.map(Double.init)
      let m = (0..<4).map { p in
        (0..<channels).reduce(0.0) { $0 + values[$1 * 4 + p] * values[$1 * 4 + p] } / Double(channels)
      }
      let norm = m.reduce(0) { $0 + $1 * $1 }.squareRoot()
      return m.map { $0 / norm }
    }
    return (0..<2).reduce(0.0) { sum, image in
      let own = map(student[image * 12..<(image + 1) * 12], channels: 3)
      let other = map(teacher[image * 20..<(image + 1) * 20], channels: 5)
      return sum + 10 * zip(own, other).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } / 4
    }
  }

  @Test("Loss equals the formula, the gradient finite differences of it")
  func gradient() {
    let (student, teacher) = (Self.values(24, "student"), Self.values(40, "teacher"))
    let (loss, gradient) = Self.evaluate(student, teacher)
    #expect(abs(loss - Self.formula(student, teacher)) < 1e-5)
    let width: Float = 1 / 256
    for i in gradient.indices {
      var (above, below) = (student, student)
      above[i] += width
      below[i] -= width
      let difference = Self.formula(above, teacher) - Self.formula(below, teacher)
      // The mean over two images.
      #expect(abs(difference / Double(above[i] - below[i]) / 2 - Double(gradient[i])) < 2e-4)
    }
  }

  @Test("A value of zeros has a finite loss and no gradient")
  func zeros() {
    let (loss, gradient) = Self.evaluate(Array(repeating: 0, count: 24), Self.values(40, "teacher"))
    #expect(loss.isFinite && loss > 0)
    #expect(gradient.allSatisfy { $0 == 0 })
  }

  private static func network(_ channels: Int, deep: Bool = false, side: Int = 6) throws -> Graph {
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

  @Test("By default the last values of every resolution that both have are paired")
  func defaultPairs() throws {
    let pairs = try AttentionTransfer().pairs(
      student: Self.network(2), teacher: Self.network(5, deep: true))
    #expect(pairs.map(\.student) == ["relu1", "relu2"])
    #expect(pairs.map(\.teacher) == ["relu1b", "relu2"])
    #expect(pairs.map(\.teacherShape) == [[5, 6, 6], [5, 3, 3]])
  }

  @Test(
    "Values that are not there, are no images or have other extents are refused by name",
    arguments: [
      ("relu3", "relu1", "the student has no value \"relu3\"; did you mean \"relu1\"?"),
      ("relu1", "logits", "the teacher's value \"logits\" is 1x3"),
      ("relu1", "relu2", "\"relu1\" is 2x6x6, the teacher's \"relu2\" is 5x3x3"),
    ])
  func badPairs(student: String, teacher: String, words: String) throws {
    let objective = AttentionTransfer(weight: 1, names: [.init(student: student, teacher: teacher)])
    let message = errorMessage {
      _ = try objective.pairs(student: Self.network(2), teacher: Self.network(5))
    }
    #expect(message.contains(words), "\(message)")
  }

  @Test("Networks without a common resolution are refused")
  func nothingCommon() throws {
    let message = errorMessage {
      _ = try AttentionTransfer().pairs(student: Self.network(2), teacher: Self.network(2, side: 8))
    }
    #expect(message.contains("no value of one height and width"), "\(message)")
  }

  private static func train(
    _ objective: any Distiller, teacher: TeacherOutputs?, parts: Int = 1, steps: Int = 12
  ) throws -> (first: Double, last: Double, graph: Graph) {
    var settings = TrainingSettings()
    try settings.update(
      from: SettingsNode(
        yaml: "{epochs: 4, batch: 8, microBatches: \(parts), rate: 0.05, decay: 0}", source: "test"),
      owner: "training")
    var losses: [Double] = []
    let trainer = try Trainer(
      Trainer.Setup(
        graph: network(2), backend: ReferenceBackend(), settings: settings, seed: 7, objective: objective,
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

  /// Counts what is compiled, by the number of nodes.
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

    func compiled(_ graph: Graph) -> Int { counts.byNodes.withLock { $0[graph.nodes.count] ?? 0 } }
  }

  /// Leaves the network as it is, several times.
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
          graph: Self.network(2), backend: backend, settings: settings, seed: 7,
          objective: AttentionTransfer(),
          teacher: .network(teacher), rewriter: rewriter),
        training: SyntheticSource(steps: 12, batch: 8))
      guard case .finished(let result) = try trainer.run() else { return nil }
      return result.graph
    }
    let backend = CountingBackend()
    let rewritten = try trained(Same(), backend)
    let student = try Self.network(2)
    #expect(backend.compiled(teacher) == 1 && backend.compiled(student) == 4)
    #expect(try rewritten == trained(nil, ReferenceBackend()))
  }

  @Test("Stored logits, a missing teacher and one of other images are refused")
  func refusals() throws {
    for (objective, teacher, words) in [
      (AttentionTransfer(), nil, "objective attention: learns from a teacher, none is given"),
      (SoftTargets(), nil, "objective soft-targets: learns from a teacher"),
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
