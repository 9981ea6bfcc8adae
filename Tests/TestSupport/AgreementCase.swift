public import Execution
import Graphs
import Ops
import Tensors

/// A graph and a way of running it on which every backend must agree with the reference.
///
///     @Test("the backend agrees with the reference", arguments: AgreementCase.all)
///     func agrees(_ agreement: AgreementCase) throws {
///       #expect(try agreement.disagreements(of: SomeBackend()) == [])
///     }
public struct AgreementCase: Sendable, CustomStringConvertible {
  /// The description of the run in words.
  public let description: String
  let build: @Sendable () throws -> Graph
  var batch = 4
  var mode = ExecutionMode.training
  var taps: [String] = []
  var seeds: [String] = []
  var microBatches = 1
  /// The batch of a second plan that shares the weights and runs every second pass.
  var partialBatch: Int?
  var steps = 3

  /// All cases.
  ///
  /// Every op example alone and behind layers, in training and inference, and the small graphs under many
  /// options.
  public static let all: [AgreementCase] =
    OpCase.all(.training).flatMap(cases) + SmallGraph.allCases.flatMap(cases) + joined

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
      microBatches: 2, partialBatch: 3, steps: 2),
    AgreementCase(description: "lenet, a batch of one", build: SmallGraph.lenet.graph, batch: 1),
    AgreementCase(
      description: "separable, a batch of 17", build: SmallGraph.separable.graph, batch: 17, steps: 2),
  ]

  /// The differences between a backend and the reference beyond `tolerance`, each in words; empty if they
  /// agree.
  ///
  /// At a jump, such as a rectifier's zero, the bound of a range or the middle between two integers, the last
  /// bits of a number decide the side, and both sides are right. So each number must be within the tolerance
  /// of an interval: the one that the reference spans over the given parameters and images and over copies
  /// disturbed in their last bits. Away from jumps that interval is as narrow as the disturbance.
  ///
  /// Each step starts from the reference's present state, because differences in last bits grow from step to
  /// step, even between runs of the reference.
  ///
  /// The compared numbers are outputs, taps, the norm of the gradients, and the changes of weights,
  /// statistics, moments and averages in each step. The measure is the L2 norm of the distances divided by
  /// that of the reference.
  public func disagreements(
    of backend: any Backend, precision: Precision = .f32, threads: Int = 1, tolerance: Double = 2e-4
  ) throws -> [String] {
    let reference = ReferenceBackend()
    let truth = try run(on: reference, precision: .f32, threads: 1)
    let found = try run(on: backend, precision: precision, threads: threads, following: truth).observations
    var references = [truth.observations]
    guard references[0].map(\.label) == found.map(\.label) else {
      return ["observed \(found.map(\.label)), expected \(references[0].map(\.label))"]
    }
    func differences() -> [String] {
      found.enumerated().compactMap { i, observation in
        observation.difference(from: references.map { $0[i] }, tolerance: tolerance)
      }
    }
    if differences().isEmpty { return [] }
    for seed in 0..<Self.disturbances {
      let disturbance = Disturbance(seed: seed, precision: precision)
      references.append(
        try run(
          on: reference, precision: .f32, threads: 1, disturbance: disturbance, following: truth
        ).observations)
    }
    return differences()
  }

  /// The number of disturbed references that span the interval.
  private static let disturbances: UInt64 = 200

  /// The parameters that change differently after saving a training and loading it into a new plan.
  ///
  /// They are given by name; empty if the bits are equal, and for inference.
  public func lossesByLoading(on backend: any Backend, threads: Int = 1) throws -> [String] {
    guard mode == .training else { return [] }
    let graph = try build()
    let first = try AgreementRun(self, graph, backend, .f32, threads)
    try first.step(1)
    try first.step(2)
    let second = try AgreementRun(self, graph, backend, .f32, threads)
    try second.plan.load(first.plan.snapshot())
    try first.step(3)
    try second.step(3)
    let (a, b) = (first.plan.snapshot(), second.plan.snapshot())
    return a.parameters.keys.sorted().filter {
      a.parameters[$0] != b.parameters[$0] || a.firstMoments[$0] != b.firstMoments[$0]
        || a.averages[$0] != b.averages[$0]
    }
  }

  private func run(
    on backend: any Backend, precision: Precision, threads: Int, disturbance: Disturbance? = nil,
    following leader: AgreementRun? = nil
  ) throws -> AgreementRun {
    var graph = try build()
    if let disturbance {
      for (name, parameter) in graph.parameters {
        graph.parameters[name]?.value.values = disturbance.applied(to: parameter.value.values, name)
      }
    }
    let run = try AgreementRun(self, graph, backend, precision, threads)
    run.disturbance = disturbance
    run.leader = leader?.states
    guard mode == .training else {
      run.pass(run.plan, number: 1)
      return run
    }
    for number in 1...steps { try run.step(number) }
    try run.observeInference(backend, precision, threads)
    return run
  }
}

/// A disturbance of numbers in their last bits.
struct Disturbance {
  let seed: UInt64
  let precision: Precision

  /// The largest relative change.
  ///
  /// For f32 it is 8 to 32 units in the last place, the error of sums of hundreds of products; for bf16 it is
  /// the rounding error.
  private var size: Float {
    precision == .bf16 ? 0x1p-9 : [0x1p-20, 0x1p-19, 0x1p-18][Int(seed % 3)]
  }

  func applied(to values: [Float], _ purpose: String) -> [Float] {
    var random = SeededRandom(seed: seed, purpose: "disturbance " + purpose)
    return values.map { $0 * (1 + size * random.uniform(in: -1...1)) }
  }

  func applied(to state: TrainingState, _ purpose: String) -> TrainingState {
    var state = state
    for (name, tensor) in state.parameters {
      state.parameters[name]?.values = applied(to: tensor.values, "\(purpose) \(name)")
    }
    return state
  }
}

/// A list of numbers that two backends must both compute.
struct Observation {
  let label: String
  let values: [Float]
  /// The size below which a difference does not count; it depends on the source of the numbers.
  var floor = 1e-6

  /// A description of the difference, if the values are further than the tolerance from the interval of the
  /// truths.
  ///
  /// The tolerance is relative to the first of the truths.
  func difference(from truths: [Observation], tolerance: Double) -> String? {
    for truth in truths where values.count != truth.values.count {
      return "\(label): \(values.count) values, expected \(truth.values.count)"
    }
    let distances = values.indices.map { i in
      let spanned = truths.map { $0.values[i] }
      let (low, high) = (spanned.min() ?? 0, spanned.max() ?? 0)
      return values[i] < low ? low - values[i] : values[i] <= high ? 0 : values[i] - high
    }
    let error = norm(distances)
    let limit = tolerance * (norm(truths[0].values) + truths[0].floor)
    return error <= limit ? nil : "\(label): differs by \(error), allowed \(limit)"
  }
}

/// The Euclidean norm.
func norm(_ values: [Float]) -> Double {
  values.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
}
