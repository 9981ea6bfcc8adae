import Datasets
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

@Suite("Trainings of all networks of a space")
struct ElasticTrainerTests {
  private static let side = SyntheticSource.side

  /// A smooth perceptron, in which nothing looks at the whole batch; a block may be missing.
  private static func smooth(_ hidden: Int, isDeep: Bool = true) throws -> Graph {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [1, side, side])])
    try graph.append(Flatten(), name: "flatten", inputs: ["image"])
    try graph.append(Linear(features: hidden), name: "hidden", inputs: ["flatten"])
    try graph.append(Tanh(), name: "tanh", inputs: ["hidden"])
    var value = "tanh"
    if isDeep {
      try graph.append(Linear(features: hidden), name: "more", inputs: ["tanh"])
      try graph.append(Tanh(), name: "more-tanh", inputs: ["more"])
      value = try graph.append(Add(), name: "sum", inputs: ["more-tanh", "tanh"])
    }
    try graph.append(Linear(features: 3), name: "logits", inputs: [value])
    graph.outputs = ["logits"]
    return graph
  }

  /// A network with a batch norm and dropout.
  private static func normalized(_ filters: Int) throws -> Graph {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [1, side, side])])
    try graph.append(Conv2D(filters: filters, kernel: 3, padding: 1), name: "conv", inputs: ["image"])
    try graph.append(BatchNorm(), name: "norm", inputs: ["conv"])
    try graph.append(ReLU(), name: "relu", inputs: ["norm"])
    try graph.append(Flatten(), name: "flatten", inputs: ["relu"])
    try graph.append(Dropout(rate: 0.25), name: "drop", inputs: ["flatten"])
    try graph.append(Linear(features: 3), name: "logits", inputs: ["drop"])
    graph.outputs = ["logits"]
    return graph
  }

  private static func setup(_ graph: Graph, _ yaml: String) throws -> Trainer.Setup {
    var graph = graph
    graph.initializeParameters(seed: 4)
    var settings = TrainingSettings()
    (settings.epochs, settings.batch) = (3, 8)
    try settings.update(from: SettingsNode(yaml: yaml, source: "test"), owner: "training")
    return Trainer.Setup(
      task: Classification(), graph: graph, backend: ReferenceBackend(), settings: settings, seed: 7)
  }

  private static func graph(_ outcome: Trainer.Outcome) throws -> Graph {
    guard case .finished(let result) = outcome else { throw Trainer.Unfinished() }
    return result.graph
  }

  private static func weights(_ graph: Graph) -> [String: Tensor] { graph.parameters.mapValues(\.value) }

  // MARK: Gradients

  /// The scores of a smooth network, in training mode.
  private static func scores(_ graph: Graph, _ batch: Batch) throws -> [[Double]] {
    let plan = try ReferenceBackend().compile(graph, PlanOptions(batch: batch.count, mode: .training))
    let tap = try plan.tap("logits")
    let images = batch.images
    plan.forward(images.span, key: 0)
    var values = Array(repeating: Float(0), count: tap.count)
    var span = values.mutableSpan
    plan.readTap(tap, into: &span)
    return (0..<batch.count).map { image in values[(3 * image)..<(3 * image + 3)].map { Double($0) } }
  }

  private static func logSoftmax(_ row: [Double]) -> [Double] {
    let sum = log(row.reduce(0) { $0 + exp($1) })
    return row.map { $0 - sum }
  }

  @Test("One step follows the gradient of the largest network's loss and of three divergences from it")
  func sandwichGradient() throws {
    let members = [try Self.smooth(3, isDeep: false), try Self.smooth(5), try Self.smooth(6, isDeep: false)]
    let rate: Float = 0.1
    let setup = try Self.setup(
      Self.smooth(8),
      "{epochs: 1, schedule: constant, optimizer: {momentum: 0}, weightDecay: 0, learningRate: \(rate)}")
    var draws = 0
    let trainer = try ElasticTrainer(
      setup, smallest: members[0],
      drawn: { _ in
        draws += 1
        return members[draws]
      }, training: SyntheticSource(steps: 1, batch: 8))
    let after = Self.weights(try Self.graph(trainer.run()))
    #expect(draws == 2)

    let before = Self.weights(setup.graph)
    let source = SyntheticSource(steps: 1, batch: 8)
    source.startEpoch(0, fromStep: 0)
    let batch = try #require(try source.next())
    // The divergences are from the scores of the step, which their gradient leaves alone.
    let targets = try Self.scores(setup.graph, batch).map { Self.logSoftmax($0) }
    let slices = try members.map { try WeightSlices(of: setup.graph, by: $0) }
    func objective(_ weights: [String: Tensor]) throws -> Double {
      var graph = setup.graph
      for (name, tensor) in weights { graph.parameters[name]?.value = tensor }
      var sum = 0.0
      for (image, row) in try Self.scores(graph, batch).enumerated() {
        guard case .label(let label) = batch.annotations[image] else { continue }
        sum -= Self.logSoftmax(row)[label]
      }
      for slices in slices {
        for (target, row) in zip(targets, try Self.scores(slices.network(weights), batch)) {
          sum += zip(target, Self.logSoftmax(row)).reduce(0) { $0 + exp($1.0) * ($1.0 - $1.1) }
        }
      }
      return sum / Double(batch.count)
    }
    let step: Float = 0.05
    for (name, tensor) in before {
      let count = tensor.values.count
      for place in Set([0, count / 3, count / 2, count - 1]) {
        func moved(_ steps: Float) throws -> Double {
          var weights = before
          weights[name]?.values[place] += steps * step
          return try objective(weights)
        }
        let slope =
          (8 * (try moved(1) - moved(-1)) - (try moved(2) - moved(-2))) / (12 * Double(step))
        let found = Double((tensor.values[place] - (after[name]?.values[place] ?? .nan)) / rate)
        #expect(abs(found - slope) < 1e-3 * max(1, abs(slope)), "\(name)[\(place)]: \(found), \(slope)")
      }
    }
  }

  // MARK: Trainings

  private static func draw(_ random: inout SeededRandom) throws -> Graph {
    try normalized(1 + random.below(4))
  }

  @Test(
    "Stopped at any step and resumed, it ends with the same bits",
    arguments: ["{}", "{gradientClip: 0.5, optimizer: adamw, learningRate: 0.01, frozen: [conv]}"])
  func resume(yaml: String) throws {
    let setup = try Self.setup(Self.normalized(4), yaml)
    func train(stops: [Int]) throws -> Graph {
      let folder = try TemporaryFolder()
      for stop in stops + [Int.max] {
        let store = CheckpointStore(directory: folder.path + "/checkpoint")
        try store.acquire()
        let trainer = try ElasticTrainer(
          setup, smallest: Self.normalized(1), drawn: Self.draw,
          training: SyntheticSource(steps: 4, batch: 8),
          checkpoints: store)
        if let checkpoint = try store.latest() { try trainer.restore(checkpoint) }
        let outcome = try trainer.run { trainer.progress.updates >= stop }
        if case .finished(let result) = outcome { return result.graph }
        #expect(trainer.progress.updates == stop)
      }
      throw Trainer.Unfinished()
    }
    let straight = try train(stops: [])
    for stops in [[1], [3, 4, 7], [4, 8]] { #expect(try train(stops: stops) == straight) }
    let isFrozen = straight.parameters["conv.weight"] == setup.graph.parameters["conv.weight"]
    #expect(isFrozen == yaml.contains("frozen"))
  }

  @Test("All networks of the space learn, each with the statistics of its own values")
  func learns() throws {
    let setup = try Self.setup(Self.normalized(6), "{epochs: 4, learningRate: 0.03}")
    var losses: [Double] = []
    let trainer = try ElasticTrainer(
      setup, smallest: Self.normalized(2), drawn: { try Self.normalized(2 + $0.below(5)) },
      training: SyntheticSource(steps: 20, batch: 8),
      observer: TrainingObserver(epoch: { losses.append($0.loss) }))
    let shared = try Self.graph(trainer.run())
    #expect(losses.count == 4 && losses[3] < losses[0])
    for filters in [2, 4, 6] {
      let member = try WeightSlices(of: shared, by: try Self.normalized(filters)).network(
        Self.weights(shared))
      func accuracy(_ graph: Graph) throws -> Double {
        let evaluator = try Evaluator(
          graph, task: Classification(), backend: ReferenceBackend(), batch: 8, precision: .f32, threads: 1)
        return try #require(try evaluator.score(SyntheticSource(steps: 10, batch: 8, seed: 1))).value
      }
      let measured = try NormStatistics.measured(
        member, on: ReferenceBackend(), SyntheticSource(steps: 20, batch: 8), batch: 8, images: 160,
        threads: 1)
      #expect(try accuracy(measured) > 0.6, "\(filters) filters")
      #expect(measured.parameters["norm.mean"] != member.parameters["norm.mean"])
    }
  }

  @Test("Statistics are the means over batches of each batch's mean and unbiased variance")
  func statistics() throws {
    var graph = try Self.normalized(1)
    graph.initializeParameters(seed: 1)
    // The convolution hands the image on, so that the norm sees the pixels.
    graph.parameters["conv.weight"]?.value.values = (0..<9).map { $0 == 4 ? 1 : 0 }
    graph.parameters["conv.bias"]?.value.values = [0]
    let measured = try NormStatistics.measured(
      graph, on: ReferenceBackend(), SyntheticSource(steps: 5, batch: 8), batch: 8, images: 20, threads: 1)
    let source = SyntheticSource(steps: 5, batch: 8)
    source.startEpoch(0, fromStep: 0)
    var (means, variances) = (0.0, 0.0)
    // 20 images take three batches of 8.
    for _ in 0..<3 {
      let pixels = try #require(try source.next()).images.map { Double($0) }
      let mean = pixels.reduce(0, +) / Double(pixels.count)
      means += mean / 3
      variances += pixels.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(pixels.count - 1) / 3
    }
    #expect(abs(Double(measured.parameters["norm.mean"]?.value.values[0] ?? .nan) - means) < 1e-5)
    #expect(abs(Double(measured.parameters["norm.variance"]?.value.values[0] ?? .nan) - variances) < 1e-5)
  }

  @Test(
    "Settings that shared weights do not have are refused by name",
    arguments: [
      ("accumulationSteps", "2"), ("emaDecay", "0.9"), ("patience", "2"), ("penalties", "[l1]"),
    ])
  func refusals(setting: String, value: String) throws {
    let setup = try Self.setup(Self.normalized(4), "{\(setting): \(value)}")
    let message = errorMessage {
      _ = try ElasticTrainer(
        setup, smallest: Self.normalized(1), drawn: Self.draw, training: SyntheticSource(steps: 1, batch: 8))
    }
    #expect(message.contains("\"\(setting)\" is not for weights that networks share"), "\(message)")
  }
}
