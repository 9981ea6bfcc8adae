import DNNL
import Datasets
import Execution
import Graphs
import Ops
import Settings
import Tasks
import Tensors
import TestSupport
import Testing

@testable import Training

@Suite("Weights and momenta of what is learned from a teacher")
struct SeparateMomentumTests {
  /// Four batches of five images of four numbers, which are halves; a batch is a function of its step.
  private final class HalvesSource: BatchSource {
    let stepsPerEpoch = 4
    let count = 20
    private var step = 0

    var stream: SettingsNode { "halves".node }
    func startEpoch(_ epoch: Int, fromStep: Int) { step = fromStep }

    func next() throws(DatasetError) -> Batch? {
      guard step < stepsPerEpoch else { return nil }
      defer { step += 1 }
      return Batch(
        images: (0..<20).map { Float(($0 * 7 + step * 3) % 5 - 2) / 2 },
        annotations: (0..<5).map { .label(($0 + step) % 3) })
    }
  }

  private static func linear(_ weights: [Float], _ biases: [Float]) throws -> Graph {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [4])])
    graph.outputs = [try graph.append(Linear(features: 3), name: "scores", inputs: ["image"])]
    graph[.weight, of: "scores"] = Parameter(Tensor(weights, shape: [3, 4]))
    graph[.bias, of: "scores"] = Parameter(Tensor(biases, shape: [3]))
    return graph
  }

  private static func settings(_ yaml: String) throws -> TrainingSettings {
    var settings = TrainingSettings()
    try settings.update(from: SettingsNode(yaml: yaml, source: "test"), owner: "training")
    return settings
  }

  /// The update of mdistiller's optimizer DOT in PyTorch, in 64 bits, on the same images and weights.
  ///
  /// The teacher's logits are multiples of 1/8, which halves hold exactly.
  @Test(
    "Weights are those of the authors' code in PyTorch",
    arguments: [
      (
        0.075,
        [
          -0.4868109632, 0.01986311535, -0.1968772846, 0.1315238545, -0.1055410451, 0.2578586331,
          -0.06366677255,
          0.4490099817, -0.1513594066, -0.2777217485, -0.1113116503, -0.2086781288,
        ], [0.2492733017, -0.3862332046, 0.01195990293]
      ),
      (
        0,
        [
          -0.4799606297, 0.01939219403, -0.1994617402, 0.1303514979, -0.1124025723, 0.2663760735,
          -0.07072456083,
          0.4600497535, -0.1508604155, -0.2857682675, -0.1014255077, -0.2187894426,
        ], [0.2466400604, -0.388337901, 0.01669784066]
      ),
    ] as [(Double, [Double], [Double])], [ReferenceBackend() as any Backend, DNNLBackend()])
  func torch(_ example: (gap: Double, weights: [Double], biases: [Double]), backend: any Backend) throws {
    for parts in [1, 5] {
      let setup = Trainer.Setup(
        task: Classification(),
        graph: try Self.linear((0..<12).map { Float(($0 * 5) % 9 - 4) / 8 }, [0.25, -0.5, 0.125]),
        backend: backend,
        settings: try Self.settings(
          """
          {epochs: 1, batch: 5, accumulationSteps: \(parts), learningRate: 0.1, weightDecay: 0.01, schedule: constant,
           optimizer: {sgd: {momentum: 0.9, nesterov: false}}, momentumGap: \(example.gap)}
          """),
        objective: SoftTargets(temperature: 2, weight: 0.7),
        teacher: .network(try Self.linear((0..<12).map { Float(($0 * 3) % 7 - 3) / 4 }, [0.5, 0, -0.25])))
      let trainer = try Trainer(setup, training: HalvesSource())
      let result = try trainer.finished()
      let found = [ParameterRole.weight, .bias].map { result.graph[$0, of: "scores"]?.value.values ?? [] }
      for (values, wanted) in zip(found, [example.weights, example.biases]) {
        #expect(values.count == wanted.count)
        for (value, wanted) in zip(values, wanted) {
          #expect(abs(Double(value) - wanted) < 1e-5, "\(value), expected \(wanted)")
        }
      }
    }
  }

  private static func setup(
    _ yaml: String, backend: any Backend = ReferenceBackend(), objective: String = "soft-targets"
  ) throws -> Trainer.Setup {
    Trainer.Setup(
      task: Classification(), graph: try TinyNetwork.normalized(), backend: backend,
      settings: try settings(yaml), seed: 3,
      objective: try DistillerCatalogue.read(SettingsNode(yaml: objective, source: "test")),
      teacher: .network(try TinyNetwork.normalized(seed: 9)))
  }

  private static func trained(
    _ setup: Trainer.Setup, losses: inout [Double], checkpoints: CheckpointStore? = nil
  ) throws -> Graph? {
    var found: [Double] = []
    let trainer = try Trainer(
      setup, training: SyntheticSource(steps: 6, batch: 8), checkpoints: checkpoints,
      observer: TrainingObserver(epoch: { found.append($0.loss) }))
    let result = try trainer.finished()
    losses = found
    return result.graph
  }

  @Test(
    "Without a gap two runs of a batch train as one does: dropout, running statistics, limit, decay and average",
    arguments: [ReferenceBackend() as any Backend, DNNLBackend()])
  func withoutGap(backend: any Backend) throws {
    let yaml =
      "epochs: 3, batch: 8, learningRate: 0.05, gradientClip: 0.5, emaDecay: 0.9, penalties: [{l2: {weight: 0.001}}]"
    var losses: [[Double]] = [[], [], []]
    var graphs: [Graph] = []
    for (index, gap) in ["", ", momentumGap: 0", ", momentumGap: 0.075"].enumerated() {
      let setup = try Self.setup("{\(yaml)\(gap)}", backend: backend)
      graphs.append(try #require(try Self.trained(setup, losses: &losses[index])))
    }
    func distance(_ a: Graph, _ b: Graph) -> Float {
      a.parameters.map { name, parameter in
        zip(parameter.value.values, b.parameters[name]?.value.values ?? []).map { abs($0 - $1) }.max()
          ?? .infinity
      }.max() ?? .infinity
    }
    #expect(distance(graphs[0], graphs[1]) < 1e-4, "\(distance(graphs[0], graphs[1]))")
    #expect(distance(graphs[0], graphs[2]) > 1e-3)
    for (a, b) in zip(losses[0], losses[1]) { #expect(abs(a - b) < 1e-4, "\(losses)") }
    #expect(graphs[0].nodes == graphs[1].nodes)
  }

  @Test(
    "Any objective beside the labels can have its momentum, and a killed training ends with the same bytes")
  func resumes() throws {
    for objective in [
      "{relational: {pairs: {flatten: flatten}}}", "{hints: {pairs: {relu: relu}, base: supervised}}",
    ] {
      let training = try InterruptedTraining(stoppedAfter: 8) { store in
        try Trainer(
          Self.setup(
            "{epochs: 2, batch: 8, learningRate: 0.01, gradientClip: 1, momentumGap: 0.05, distillationWarmUp: 2}",
            objective: objective),
          training: SyntheticSource(steps: 6, batch: 8), checkpoints: store)
      }
      #expect(training.resumed == training.expected)
    }
  }

  @Test("The factor climbs by equal steps from epoch to epoch, and goes evenly to its end")
  func factors() throws {
    let warm = try Self.settings("{epochs: 5, distillationWarmUp: 4}")
    #expect((0..<5).map(warm.distillationFactor) == [0.25, 0.5, 0.75, 1, 1])
    let annealed = try Self.settings("{epochs: 5, distillationAtEnd: 0}")
    #expect((0..<5).map(annealed.distillationFactor) == [1, 0.75, 0.5, 0.25, 0])
    #expect(TrainingSettings().distillationFactor(epoch: 29) == 1)
    let plain = annealed.withoutDistillation
    #expect(plain.node == (try Self.settings("{epochs: 5}").node))
    #expect(annealed.node != plain.node)
  }

  @Test("A warm-up of three epochs trains the first with a third of the teacher, and the last with all")
  func warmUp() throws {
    var losses: [[Double]] = [[], [], []]
    let base = "epochs: 3, batch: 8, learningRate: 0"
    let plain = "{soft-targets: {weight: 0.9, labels: 0.1}}"
    _ = try Self.trained(Self.setup("{\(base)}", objective: plain), losses: &losses[0])
    _ = try Self.trained(
      Self.setup("{\(base), distillationWarmUp: 3}", objective: plain), losses: &losses[1])
    _ = try Self.trained(
      Self.setup("{\(base)}", objective: "{soft-targets: {weight: 0, labels: 0.1}}"), losses: &losses[2])
    for epoch in 0..<3 {
      let teacher = losses[0][epoch] - losses[2][epoch]
      let wanted = losses[2][epoch] + teacher * Double(epoch + 1) / 3
      // No schedule goes below a rate of 1e-6, so weights move a little.
      #expect(abs(losses[1][epoch] - wanted) < 1e-3 * wanted && teacher > 0, "\(losses)")
    }
  }

  @Test("What cannot have a momentum or a factor of its own is refused")
  func refusals() throws {
    for (yaml, objective, words) in [
      (
        "{epochs: 1, batch: 8, momentumGap: 0.2}", "soft-targets",
        "needs the optimizer sgd with a momentum of 0.2 or more and below 0.8, found sgd with 0.9"
      ),
      (
        "{epochs: 1, batch: 8, momentumGap: 0.05, optimizer: adamw}", "soft-targets",
        "or more and below 0.95, found adamw; lower the gap"
      ),
      (
        "{epochs: 1, batch: 8, momentumGap: 0.05}", "supervised",
        "the objective supervised has no loss beside the task's"
      ),
      (
        "{epochs: 1, batch: 8, momentumGap: 0.05}", "{hints: {pairs: {relu: relu}}}",
        "the objective hints has no loss of the task"
      ),
      ("{epochs: 1, batch: 8, distillationAtEnd: 0}", "supervised", "leave them out there"),
    ] {
      let message = errorMessage {
        _ = try Trainer(
          Self.setup(yaml, objective: objective), training: SyntheticSource(steps: 6, batch: 8))
      }
      #expect(message.contains(words), "\(message)")
    }
  }
}
