public import Execution
import Graphs
import Tensors

/// A graph and a way of running it on which every backend must agree with the reference.
///
///     @Test("the backend agrees with the reference", arguments: AgreementCase.all)
///     func agrees(_ agreement: AgreementCase) throws {
///       #expect(try agreement.disagreements(of: SomeBackend()) == [])
///     }
public struct AgreementCase: Sendable, CustomStringConvertible {
  /// What is run, in words.
  public let description: String
  let build: @Sendable () throws -> Graph
  var batch = 4
  var mode = ExecutionMode.training
  var taps: [String] = []
  var seeds: [String] = []
  var microBatches = 1
  /// The batch of a second plan that shares the weights and runs every other pass.
  var partialBatch: Int?
  var steps = 3

  /// Every op example alone and behind layers, in training and inference, and the small graphs in many ways.
  public static let all: [AgreementCase] =
    OpCase.all().flatMap(cases) + SmallGraph.allCases.flatMap(cases) + joined

  private static func cases(of example: OpCase) -> [AgreementCase] {
    let batch = example.inputs[0][0]
    return [
      AgreementCase(description: "\(example), training", build: example.graph, batch: batch),
      AgreementCase(
        description: "\(example), inference", build: example.graph, batch: batch, mode: .inference),
      AgreementCase(
        description: "\(example), training behind layers", build: example.graphBehindLayers, batch: batch),
    ]
  }

  private static func cases(of network: SmallGraph) -> [AgreementCase] {
    [
      AgreementCase(description: "\(network), training", build: network.graph),
      AgreementCase(description: "\(network), inference", build: network.graph, mode: .inference),
    ]
  }

  private static let joined = [
    AgreementCase(
      description: "residual, taps and seeds inside", build: SmallGraph.residual.graph,
      taps: ["a.sum", "b.project"], seeds: ["a", "b.sum", "a2"]),
    AgreementCase(
      description: "residual, inference with taps", build: SmallGraph.residual.graph, mode: .inference,
      taps: ["a1.conv", "b.sum", "b.project"]),
    AgreementCase(
      description: "fire, a seed before the concatenation", build: SmallGraph.fire.graph, taps: ["fire"],
      seeds: ["expand1", "wide3"]),
    AgreementCase(
      description: "lenet, a tap before the pooling", build: SmallGraph.lenet.graph,
      taps: ["conv1", "pool1"],
      seeds: ["conv2"]),
    AgreementCase(
      description: "residual, three micro-batches", build: SmallGraph.residual.graph, microBatches: 3),
    AgreementCase(
      description: "lenet, a partial batch", build: SmallGraph.lenet.graph, partialBatch: 3, steps: 4),
    AgreementCase(
      description: "residual, a partial batch of one", build: SmallGraph.residual.graph, partialBatch: 1,
      steps: 4),
    AgreementCase(
      description: "perceptron, two micro-batches, one partial", build: SmallGraph.perceptron.graph,
      microBatches: 2, partialBatch: 2, steps: 2),
    AgreementCase(description: "lenet, a batch of one", build: SmallGraph.lenet.graph, batch: 1),
    AgreementCase(
      description: "separable, a batch of 17", build: SmallGraph.separable.graph, batch: 17, steps: 2),
  ]

  /// Where a backend differs from the reference by more than `tolerance`, each in words; none if they agree.
  ///
  /// Compared are outputs, taps, the norm of the gradients, and what training changed in weights, statistics, moments and
  /// averages, each by the L2 norm of the difference over that of the reference.
  public func disagreements(
    of backend: any Backend, precision: Precision = .f32, threads: Int = 1, tolerance: Double = 2e-4
  ) throws -> [String] {
    let truth = try observations(on: ReferenceBackend(), precision: .f32, threads: 1)
    let found = try observations(on: backend, precision: precision, threads: threads)
    guard truth.map(\.label) == found.map(\.label) else {
      return ["observed \(found.map(\.label)), expected \(truth.map(\.label))"]
    }
    return zip(found, truth).compactMap { $0.difference(from: $1, tolerance: tolerance) }
  }

  /// What a training that was saved and loaded into a new plan changes otherwise than one that went on.
  ///
  /// Parameters by name; none if the bits are equal, and none for inference.
  public func lossesByLoading(on backend: any Backend, threads: Int = 1) throws -> [String] {
    guard mode == .training else { return [] }
    let graph = try build()
    let first = try AgreementRun(self, graph, backend, .f32, threads)
    first.step(1)
    first.step(2)
    let second = try AgreementRun(self, graph, backend, .f32, threads)
    try second.plan.load(first.plan.snapshot())
    first.step(3)
    second.step(3)
    let (a, b) = (first.plan.snapshot(), second.plan.snapshot())
    return a.parameters.keys.sorted().filter {
      a.parameters[$0] != b.parameters[$0] || a.firstMoments[$0] != b.firstMoments[$0]
        || a.averages[$0] != b.averages[$0]
    }
  }

  private func observations(
    on backend: any Backend, precision: Precision, threads: Int
  ) throws -> [Observation] {
    let run = try AgreementRun(self, try build(), backend, precision, threads)
    guard mode == .training else {
      run.pass(run.plan, number: 1)
      return run.observations
    }
    for number in 1...steps { run.step(number) }
    try run.observeInference(backend, precision, threads)
    return run.observations
  }
}

/// A list of numbers that two backends should both arrive at.
struct Observation {
  let label: String
  let values: [Float]
  /// A size below which a difference does not count, from what the numbers belong to.
  var floor = 1e-6

  func difference(from truth: Observation, tolerance: Double) -> String? {
    guard values.count == truth.values.count else {
      return "\(label): \(values.count) values, expected \(truth.values.count)"
    }
    let error = norm(zip(values, truth.values).map { $0 - $1 })
    let limit = tolerance * (norm(truth.values) + truth.floor)
    return error <= limit ? nil : "\(label): differs by \(error), allowed \(limit)"
  }
}

/// The Euclidean norm.
func norm(_ values: [Float]) -> Double {
  values.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
}
