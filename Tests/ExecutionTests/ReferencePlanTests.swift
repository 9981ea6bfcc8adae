import Execution
import Graphs
import Ops
import Tensors
import TestSupport
import Testing

@Suite("Reference plan")
struct ReferencePlanTests {
  /// The graph y = x · weightᵀ + bias: two features from two inputs.
  private func linearGraph() throws -> Graph {
    var graph = Graph(inputs: [GraphInput(name: "x", shape: [2])])
    try graph.append(Linear(features: 2), name: "y", inputs: ["x"])
    graph.outputs = ["y"]
    graph.parameters = [
      "y.weight": Parameter(Tensor([1, 2, 3, 4], shape: [2, 2])),
      "y.bias": Parameter(Tensor([10, 20], shape: [2])),
    ]
    return graph
  }

  private func gradients(of plan: any Plan) -> [Float] {
    plan.withGradients { (span: inout MutableSpan<Float>) in (0..<span.count).map { span[$0] } }
  }

  private func values(_ name: String, _ plan: any Plan) throws -> [Float] {
    let tap = try plan.tap(name)
    var values = Array(repeating: Float(0), count: tap.count)
    var span = values.mutableSpan
    plan.readTap(tap, into: &span)
    return values
  }

  private func seed(_ name: String, _ values: [Float], _ plan: any Plan) throws {
    plan.writeSeed(try plan.tap(name), values.span)
  }

  @Test("two runs of an agreement case give the same bits", arguments: AgreementCase.all)
  func repeats(_ agreement: AgreementCase) throws {
    #expect(try agreement.disagreements(of: ReferenceBackend(), tolerance: 0) == [])
  }

  @Test("a last layer that is one percent off breaks the agreement", arguments: SmallGraph.allCases)
  func disagrees(_ network: SmallGraph) throws {
    for kind in ["training", "inference"] {
      let agreement = try #require(AgreementCase.all.first { $0.description == "\(network), \(kind)" })
      #expect(try agreement.disagreements(of: SlightlyWrongBackend()) != [])
    }
  }

  @Test("a loaded state goes on bit for bit", arguments: SmallGraph.allCases)
  func loads(_ network: SmallGraph) throws {
    let agreement = try #require(AgreementCase.all.first { $0.description == "\(network), training" })
    #expect(try agreement.lossesByLoading(on: ReferenceBackend()) == [])
  }

  @Test("a linear layer's output and gradients are those worked out by hand")
  func linear() throws {
    let plan = try ReferenceBackend().compile(linearGraph(), PlanOptions(batch: 2, mode: .training))
    plan.forward([1, 1, 2, -1].span, key: 0)
    #expect(try values("y", plan) == [13, 27, 10, 22])
    try seed("y", [1, 0, 10, 1], plan)
    plan.backward()
    #expect(gradients(of: plan) == [21, -9, 2, -1, 11, 1])
  }

  @Test("a seed stays until it is set again, and an update starts a new sum")
  func seedsStay() throws {
    let plan = try ReferenceBackend().compile(
      linearGraph(), PlanOptions(batch: 1, mode: .training, microBatches: 2))
    plan.forward([1, 0].span, key: 0)
    plan.backward()
    #expect(gradients(of: plan) == [0, 0, 0, 0, 0, 0])
    try seed("y", [1, 2], plan)
    plan.backward()
    #expect(gradients(of: plan) == [1, 0, 2, 0, 1, 2])
    plan.update(PlainSGD(), StepParameters(rate: 0))
    plan.backward()
    #expect(gradients(of: plan) == [1, 0, 2, 0, 1, 2])
    plan.backward()
    #expect(gradients(of: plan) == [2, 0, 4, 0, 2, 4])
    plan.backward()
    #expect(gradients(of: plan) == [1, 0, 2, 0, 1, 2])
  }

  @Test("decay reaches weights and leaves biases and norms")
  func decay() throws {
    let graph = try SmallGraph.perceptron.graph()
    let plan = try ReferenceBackend().compile(graph, PlanOptions(batch: 2, mode: .training))
    plan.update(PlainSGD(), StepParameters(rate: 0.5, decay: 0.1))
    let state = plan.snapshot()
    for (name, parameter) in graph.parameters {
      let factor: Float = name.hasSuffix(".weight") ? 0.95 : 1
      let expected = parameter.value.values.map { $0 * factor }
      let found = state.parameters[name]?.values ?? []
      #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-6 }, "\(name)")
    }
  }

  @Test("the moving average starts as the weights and follows by its decay")
  func average() throws {
    let plan = try ReferenceBackend().compile(linearGraph(), PlanOptions(batch: 1, mode: .training))
    plan.forward([1, 0].span, key: 0)
    try seed("y", [1, 0], plan)
    plan.backward()
    plan.update(PlainSGD(), StepParameters(rate: 1, averageDecay: 0.75))
    #expect(plan.snapshot().parameters["y.weight"]?.values == [0, 2, 3, 4])
    #expect(plan.snapshot().averages["y.weight"]?.values == [0.75, 2, 3, 4])
  }

  @Test("running statistics take a tenth of the batch's, the variance unbiased")
  func statistics() throws {
    var graph = Graph(inputs: [GraphInput(name: "x", shape: [1])])
    try graph.append(BatchNorm(), name: "y", inputs: ["x"])
    graph.outputs = ["y"]
    graph.initializeParameters(seed: 0)
    let plan = try ReferenceBackend().compile(graph, PlanOptions(batch: 2, mode: .training))
    plan.forward([1, 3].span, key: 0)
    #expect(plan.snapshot().parameters["y.mean"]?.values == [0.2])
    #expect(plan.snapshot().parameters["y.variance"]?.values == [1.1])
    #expect(try values("y", plan).map { ($0 * 1000).rounded() } == [-1000, 1000])
  }

  @Test("the gradients of two halves sum to those of the whole batch")
  func microBatches() throws {
    let graph = try SmallGraph.lenet.graph()
    let images = Tensor(random: [4, 1, 14, 14], seed: 1).values
    let target = Tensor(random: [4, 5], seed: 2).values
    let whole = try ReferenceBackend().compile(graph, PlanOptions(batch: 4, mode: .training))
    whole.forward(images.span, key: 0)
    try seed("logits", target, whole)
    whole.backward()
    let half = try ReferenceBackend().compile(graph, PlanOptions(batch: 2, mode: .training, microBatches: 2))
    for part in 0..<2 {
      half.forward(Array(images[part * 392..<(part + 1) * 392]).span, key: 0)
      try seed("logits", Array(target[part * 10..<(part + 1) * 10]), half)
      half.backward()
    }
    let scale = gradients(of: whole).map(\.magnitude).max() ?? 0
    #expect(zip(gradients(of: half), gradients(of: whole)).allSatisfy { abs($0 - $1) < 1e-5 * scale })
    #expect(scale > 0.01)
  }
}

/// The reference backend with the last layer's weights one percent larger.
private struct SlightlyWrongBackend: Backend {
  let truth = ReferenceBackend()
  var name: String { "wrong" }
  var instructionSet: String { truth.instructionSet }
  func supports(_ precision: Precision) -> Bool { truth.supports(precision) }

  func compile(_ graph: Graph, _ options: PlanOptions, sharing: (any Plan)?) throws(ExecutionError)
    -> any Plan
  {
    var wrong = graph
    let last = graph.nodes.last { $0.op is Linear || $0.op is Conv2D }
    let name = (last?.name ?? "") + ".weight"
    let values = graph.parameters[name]?.value.values ?? []
    wrong.parameters[name]?.value.values = values.map { $0 * 1.01 }
    return try truth.compile(wrong, options, sharing: sharing)
  }
}
