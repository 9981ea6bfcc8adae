import Execution
import Graphs
import Ops
import Tensors
import TestSupport
import Testing

@Suite("Reference backend errors")
struct ReferenceErrorTests {
  private let backend = ReferenceBackend()
  private let options = PlanOptions(batch: 1, mode: .training)

  @Test("an unknown tap is refused with the nearest name")
  func unknownTap() throws {
    let graph = try SmallGraph.lenet.graph()
    var options = options
    options.taps = ["pool3"]
    #expect(
      errorMessage { _ = try backend.compile(graph, options) }
        == "pool3: no value of the graph has this name; did you mean \"pool1\"?")
    let plan = try backend.compile(graph, self.options)
    #expect(throws: ExecutionError.self) { try plan.tap("conv1") }
  }

  @Test("another precision is refused")
  func precision() throws {
    var options = options
    options.precision = .bf16
    let graph = try SmallGraph.lenet.graph()
    #expect(
      errorMessage { _ = try backend.compile(graph, options) }
        == "reference: computes in f32 only, not in bf16")
    #expect(!backend.supports(.bf16))
  }

  @Test("a graph that lacks a parameter is refused")
  func invalidGraph() throws {
    var graph = try SmallGraph.lenet.graph()
    graph.parameters["conv1.bias"] = nil
    #expect(errorMessage { _ = try backend.compile(graph, options) } == "conv1.bias: missing, expected 4")
  }

  @Test("weights are shared between plans of one graph only")
  func sharing() throws {
    let plan = try backend.compile(try SmallGraph.lenet.graph(), options)
    #expect(
      errorMessage { _ = try backend.compile(try SmallGraph.fire.graph(), options, sharing: plan) }
        == "reference: shares weights with plans of the same graph only")
  }

  @Test("values that do not fit into memory are refused before any is made")
  func memory() throws {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [1, 1024, 1024])])
    var value = "image"
    for index in 0..<3 { value = try graph.append(ReLU(), name: "relu\(index)", inputs: [value]) }
    graph.outputs = [value]
    var options = PlanOptions(batch: 128, mode: .inference)
    options.memoryBytes = 1 << 30
    #expect(
      errorMessage { _ = try backend.compile(graph, options) }
        == "a batch of 128 takes at least 2.0 GiB for its values, the limit is 1.0 GiB; lower the batch or make "
        + "the network's input smaller")
    #expect(errorMessage { try graph.requireMemory(for: options, keepsValues: false) } == "nothing thrown")
    options.batch = 129
    #expect(errorMessage { try graph.requireMemory(for: options, keepsValues: false) } != "nothing thrown")
    options.batch = Int.max
    #expect(
      errorMessage { _ = try backend.compile(graph, options) }.hasPrefix("a batch of 9223372036854775807 "))
  }

  @Test("a state that lacks a parameter, or holds another shape, is refused and changes nothing")
  func load() throws {
    let plan = try backend.compile(try SmallGraph.lenet.graph(), options)
    let before = plan.snapshot()
    var state = before
    state.parameters["conv2.bias"] = nil
    #expect(errorMessage { try plan.load(state) } == "conv2.bias: the state lacks it")
    state = before
    state.parameters["conv1.bias"] = Tensor(zeros: [4])
    state.firstMoments["conv2.bias"] = Tensor(zeros: [7])
    #expect(errorMessage { try plan.load(state) } == "conv2.bias: expected 6, the state holds 7")
    #expect(plan.snapshot() == before)
  }
}
