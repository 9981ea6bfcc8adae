import DNNL
import Encodings
import Execution
import Graphs
import Ops
import Tensors
import TestSupport
import Testing

/// A training step with integers on every value, for which two backends must agree in every bit.
///
/// If a value lies halfway between two integers, its last bits decide the rounding. Here all numbers are
/// small multiples of powers of two, so no sum is rounded, whatever its order.
@Suite("Training with integer values agrees bit for bit", .serialized)
struct IntegerValueTrainingTests {
  private static let batch = 4

  /// Multiples of 2^-`fraction` in the range ±2^`whole`, in an order derived from the seed.
  private static func dyadic(_ count: Int, whole: Int, fraction: Int, seed: UInt64) -> [Float] {
    var random = SeededRandom(seed: seed, purpose: "dyadic")
    let limit = Float(1 << (whole + fraction))
    return (0..<count).map { _ in
      (random.uniform(in: -limit...limit)).rounded() / Float(1 << fraction)
    }
  }

  /// A network with every value on multiples of 1/16 from -2 to 2, on both sides of zero and clamped at the
  /// ends.
  private static func graph(bits: Int) throws -> Graph {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [2, 6, 6])])
    try graph.append(Conv2D(filters: 4, kernel: 3, padding: 1), name: "conv1", inputs: ["image"])
    try graph.append(ReLU(), name: "relu1", inputs: ["conv1"])
    try graph.append(AveragePool(kernel: 2), name: "pool", inputs: ["relu1"])
    try graph.append(Conv2D(filters: 4, kernel: 1), name: "conv2", inputs: ["pool"])
    try graph.append(Add(), name: "sum", inputs: ["conv2", "pool"])
    try graph.append(Flatten(), name: "flat", inputs: ["sum"])
    try graph.append(Linear(features: 3), name: "logits", inputs: ["flat"])
    graph.outputs = ["logits"]
    graph.initializeParameters(seed: 1)
    for (number, name) in graph.parameters.keys.sorted().enumerated() {
      guard let shape = graph.parameters[name]?.value.shape else { continue }
      graph.parameters[name]?.value = Tensor(
        dyadic(shape.count, whole: 0, fraction: 3, seed: UInt64(10 + number)), shape: shape)
    }
    for name in ["image", "conv1", "relu1", "pool", "conv2", "sum", "logits"] {
      graph.values[name] = IntegerValue(bits: bits, scale: 1 / 16, zeroPoint: 0)
    }
    return graph
  }

  /// The result of one step on a backend: outputs before and after, inner values, weights and moments.
  private static func step(
    _ graph: Graph, on backend: any Backend, threads: Int
  ) throws -> (inside: [Float], outputs: [Float], state: TrainingState) {
    let plan = try backend.compile(
      graph,
      PlanOptions(
        batch: batch, mode: .training, threads: threads, taps: ["conv1", "sum"], seeds: ["sum"]))
    let images = dyadic(batch * 72, whole: 2, fraction: 5, seed: 3)
    func read(_ name: String) throws -> [Float] {
      let tap = try plan.tap(name)
      var values = [Float](repeating: 0, count: tap.count)
      var span = values.mutableSpan
      plan.readTap(tap, into: &span)
      return values
    }
    plan.forward(images.span, key: 1)
    let inside = try read("conv1") + read("sum")
    let before = try read("logits")
    for (name, seed) in [("logits", UInt64(5)), ("sum", 6)] {
      let tap = try plan.tap(name)
      plan.writeSeed(tap, dyadic(tap.count, whole: 0, fraction: 4, seed: seed).span)
    }
    plan.backward()
    plan.update(
      PlainSGD(momentum: 0.5), StepParameters(rate: 0.125, decay: 0.25, gradientScale: 0.25, number: 1))
    plan.forward(images.span, key: 2)
    return (inside, before + (try read("logits")), plan.snapshot())
  }

  @Test("a step gives the reference's bits, clamped values and all", arguments: [4, 6, 8], [1, 2])
  func agrees(bits: Int, threads: Int) throws {
    let graph = try Self.graph(bits: bits)
    let truth = try Self.step(graph, on: ReferenceBackend(), threads: 1)
    let found = try Self.step(graph, on: DNNLBackend(), threads: threads)
    let top = Float(1 << (bits - 1) - 1) / 16
    #expect(truth.inside.contains { $0 >= top } && truth.inside.contains { $0 > -top && $0 < top && $0 != 0 })
    #expect(found.inside == truth.inside)
    #expect(found.outputs == truth.outputs)
    for name in truth.state.parameters.keys.sorted() {
      #expect(found.state.parameters[name] == truth.state.parameters[name], "\(name)")
      #expect(found.state.firstMoments[name] == truth.state.firstMoments[name], "moment of \(name)")
    }
    let trained = truth.state.parameters.filter { $0.value != graph.parameters[$0.key]?.value }
    #expect(trained.count > truth.state.parameters.count / 2, "only \(trained.keys.sorted()) were trained")
  }

  @Test("without the encodings the step is another one: the agreement is not one of plain floats")
  func matters() throws {
    var plain = try Self.graph(bits: 6)
    plain.values = [:]
    let encoded = try Self.step(Self.graph(bits: 6), on: DNNLBackend(), threads: 1)
    #expect(try Self.step(plain, on: DNNLBackend(), threads: 1).state.parameters != encoded.state.parameters)
  }
}
