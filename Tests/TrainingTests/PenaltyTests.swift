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

@Suite("Penalties")
struct PenaltyTests {
  /// A network with odd channel counts, so that layouts are padded; a sum ties one path to the other.
  private static func network() throws -> Graph {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [1, 6, 6])])
    try graph.append(Conv2D(filters: 5, kernel: 3, padding: 1), name: "conv1", inputs: ["image"])
    try graph.append(BatchNorm(), name: "norm1", inputs: ["conv1"])
    try graph.append(ReLU(), name: "relu1", inputs: ["norm1"])
    try graph.append(Conv2D(filters: 5, kernel: 1), name: "conv2", inputs: ["relu1"])
    try graph.append(Add(), name: "sum", inputs: ["conv2", "relu1"])
    try graph.append(GlobalAveragePool(), name: "mean", inputs: ["sum"])
    try graph.append(Flatten(), name: "flat", inputs: ["mean"])
    try graph.append(Linear(features: 3), name: "logits", inputs: ["flat"])
    graph.outputs = ["logits"]
    graph.initializeParameters(seed: 4)
    graph.parameters["norm1.scale"]?.value = Tensor([1, -0.5, 0, 2, 0.25], shape: [5])
    return graph
  }

  private static func plan(_ graph: Graph, _ backend: any Backend) throws -> any Plan {
    let plan = try backend.compile(graph, PlanOptions(batch: 2, mode: .training))
    let images = [Float](repeating: 0.5, count: 2 * 36)
    plan.forward(images.span, key: 0)
    plan.backward()
    return plan
  }

  private static func value(_ penalty: any Penalty, _ graph: Graph) throws -> Double {
    let plan = try plan(graph, ReferenceBackend())
    return try StepPenalties([penalty], of: graph, on: plan).add(to: plan, scale: 1, at: 1)
  }

  @Test(
    "Gradients equal finite differences of the cost, in every layout", arguments: PenaltyCatalogue.names,
    [ReferenceBackend() as any Backend, DNNLBackend()])
  func gradient(name: String, backend: any Backend) throws {
    let penalty = try PenaltyCatalogue.readList(
      SettingsNode(yaml: "{\(name): {weight: 0.5}}", source: "test"), key: "penalties")[0]
    let graph = try Self.network()
    let plan = try Self.plan(graph, backend)
    let cost = try StepPenalties([penalty], of: graph, on: plan).add(to: plan, scale: 3, at: 1)
    #expect(abs(cost - (try Self.value(penalty, graph))) < 1e-5 * cost && cost > 0)
    let width: Float = 1 / 256
    for (parameter, found) in try plan.gradients() {
      for i in found.values.indices {
        let weight = graph.parameters[parameter]?.value.values[i] ?? 0
        // At zero the absolute value has no derivative, so the penalty has no gradient there.
        guard abs(weight) > width else {
          if weight == 0 { #expect(found.values[i] == 0) }
          continue
        }
        var (above, below) = (graph, graph)
        above.parameters[parameter]?.value.values[i] += width
        below.parameters[parameter]?.value.values[i] -= width
        let difference =
          (try Self.value(penalty, above) - Self.value(penalty, below)) / Double(2 * width)
        #expect(
          abs(3 * difference - Double(found.values[i])) < 2e-3 * max(1, abs(difference)),
          "\(parameter) \(i)")
      }
    }
  }

  @Test("Costs equal the formulas")
  func costs() throws {
    let graph = try Self.network()
    func weights(_ name: String) -> [Double] { graph.parameters[name]?.value.values.map(Double.init) ?? [] }
    let all = weights("conv1.weight") + weights("conv2.weight") + weights("logits.weight")
    var (l1, l2, norm, lasso) = (L1(), L2(), NormScale(), GroupLasso())
    (l1.weight, l2.weight, norm.weight, lasso.weight) = (2, 2, 2, 2)
    #expect(abs(try Self.value(l1, graph) - 2 * all.reduce(0) { $0 + abs($1) }) < 1e-4)
    #expect(abs(try Self.value(l2, graph) - all.reduce(0) { $0 + $1 * $1 }) < 1e-4)
    #expect(abs(try Self.value(norm, graph) - 2 * 3.75) < 1e-6)
    // The sum ties channel c of both convolutions, which 9 and 5 weights make.
    let (first, second) = (weights("conv1.weight"), weights("conv2.weight"))
    let groups = (0..<5).map { c in
      first[c * 9..<(c + 1) * 9].reduce(0) { $0 + $1 * $1 }
        + second[c * 5..<(c + 1) * 5].reduce(0) { $0 + $1 * $1 }
    }
    let expected = 2 * groups.reduce(0) { $0 + (14 * $1).squareRoot() }
    #expect(abs(try Self.value(lasso, graph) - expected) < 1e-5 * expected)
  }

  @Test("A penalty may be of some layers alone; a pattern that means none is refused")
  func layers() throws {
    let graph = try Self.network()
    func penalty(_ yaml: String) throws -> any Penalty {
      try PenaltyCatalogue.readList(SettingsNode(yaml: yaml, source: "test"), key: "penalties")[0]
    }
    let weights = graph.parameters["conv2.weight"]?.value.values.map { Double(abs($0)) } ?? []
    let one = try Self.value(penalty("{l1: {weight: 2, layers: conv2}}"), graph)
    #expect(abs(one - 2 * weights.reduce(0, +)) < 1e-4)
    let rest = try Self.value(penalty("{l1: {weight: 2, layers: [conv1, 'kind:linear']}}"), graph)
    #expect(abs(one + rest - (try Self.value(penalty("{l1: {weight: 2}}"), graph))) < 1e-4)
    // The channels of both convolutions are tied, so neither has separate groups.
    let message = errorMessage { _ = try Self.value(penalty("{group-lasso: {layers: conv1}}"), graph) }
    #expect(message.contains("no trained weights that it penalizes"), "\(message)")
    let stray = errorMessage { _ = try Self.value(penalty("{l2: {layers: [conv3]}}"), graph) }
    #expect(stray.contains("\"conv3\" matches no layer") && stray.contains("conv1, norm1"), "\(stray)")
  }

  @Test("The factor climbs over the first share of the updates")
  func warmUp() {
    var penalty = L1()
    (penalty.weight, penalty.warmUp) = (0.5, 0.25)
    #expect([0, 0.125, 0.25, 1].map { penalty.factor(at: $0) } == [0, 0.25, 0.5, 0.5])
  }

  @Test("A penalty of parameters that a network does not have is refused")
  func nothing() throws {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [4])])
    try graph.append(Linear(features: 2), name: "logits", inputs: ["image"])
    graph.outputs = ["logits"]
    graph.initializeParameters(seed: 0)
    let plan = try ReferenceBackend().compile(graph, PlanOptions(batch: 1, mode: .training))
    let message = errorMessage { _ = try StepPenalties([NormScale()], of: graph, on: plan) }
    #expect(message.contains("norm-scale: the network has no trained weights"), "\(message)")
  }

  @Test("Training with a penalty on scales makes them smaller, with micro-batches as without")
  func trains() throws {
    func trained(_ yaml: String) throws -> Graph {
      var settings = TrainingSettings()
      try settings.update(
        from: SettingsNode(
          yaml: "{epochs: 2, batch: 8, learningRate: 0.05, weightDecay: 0, \(yaml)}", source: "test"),
        owner: "training")
      var graph = try Self.network()
      graph.parameters["norm1.scale"]?.value = Tensor(repeating: 1, shape: [5])
      let trainer = try Trainer(
        Trainer.Setup(
          task: Classification(), graph: graph, backend: ReferenceBackend(), settings: settings, seed: 7),
        training: SyntheticSource(steps: 10, batch: 8))
      guard case .finished(let result) = try trainer.run() else {
        throw TrainingError.patienceWithoutValidation
      }
      return result.graph
    }
    func scale(_ graph: Graph) -> Float {
      graph.parameters["norm1.scale"]?.value.values.reduce(0) { $0 + abs($1) } ?? .nan
    }
    let plain = scale(try trained("penalties: null"))
    let whole = scale(try trained("penalties: {norm-scale: {weight: 0.3}}"))
    let parts = scale(try trained("penalties: {norm-scale: {weight: 0.3}}, microBatches: 2"))
    #expect(whole < plain - 0.5)
    #expect(abs(whole - parts) < 0.1 * whole)
  }
}
