import Encodings
import Graphs
import Ops
import Tensors
import TestSupport
import Testing

@testable import Methods

@Suite("Dead neurons")
struct DeadNeuronsTests {
  private func removeDead(_ graph: Graph, folding: Bool = true) throws -> Rewrite {
    var method = DeadNeurons()
    method.foldsConstants = folding
    var compression = Compression(method, graph: graph)
    return try method.compress(&compression)
  }

  /// The graph with the slices of a weight tensor at some indices of an axis set to zero.
  private func zeroing(_ name: String, axis: Int, _ indices: [Int], in graph: Graph) throws -> Graph {
    var graph = graph
    var tensor = try #require(graph.parameters[name]).value
    let inner = tensor.shape.dimensions[(axis + 1)...].reduce(1, *)
    for index in tensor.values.indices where indices.contains(index / inner % tensor.shape[axis]) {
      tensor.values[index] = 0
    }
    graph.parameters[name] = Parameter(tensor)
    return graph
  }

  private func expectSameOutputs(_ a: Graph, _ b: Graph) throws {
    for (first, second) in zip(try a.outputValues(), try b.outputValues()) {
      let scale = first.map(abs).max() ?? 0
      #expect(zip(first, second).allSatisfy { abs($0 - $1) <= 1e-5 * scale })
    }
  }

  private func filters(_ graph: Graph, _ name: String) -> Int? { graph.shape(of: name)?[1] }

  @Test("A channel that no weight reads goes, and the outputs stay")
  func unread() throws {
    let graph = try zeroing("conv2.weight", axis: 1, [1, 3], in: SmallGraph.lenet.graph())
    let rewrite = try removeDead(graph, folding: false)
    #expect(filters(rewrite.graph, "conv1") == 2)
    #expect(rewrite.origin["conv1.weight"]?.kept == [0: [0, 2]])
    #expect(rewrite.origin["conv2.weight"]?.kept == [1: [0, 2]])
    try expectSameOutputs(graph, rewrite.graph)
  }

  @Test(
    "A channel that no weight makes goes, and the next biases take up its constant",
    arguments: [("conv1", 4, "conv2.bias"), ("conv2", 6, "hidden.bias"), ("hidden", 8, "logits.bias")])
  func constant(layer: String, channels: Int, bias: String) throws {
    var graph = try zeroing("\(layer).weight", axis: 0, [2], in: SmallGraph.lenet.graph())
    graph.parameters["\(layer).bias"]?.value.values[2] = 0.75
    let rewrite = try removeDead(graph)
    #expect(filters(rewrite.graph, layer) == channels - 1)
    #expect(rewrite.graph.parameters[bias]?.value != graph.parameters[bias]?.value)
    try expectSameOutputs(graph, rewrite.graph)
    #expect(errorMessage { _ = try removeDead(graph, folding: false) }.contains("changes nothing"))
    // A negative constant is zero after the ReLU, so there is nothing to compensate.
    graph.parameters["\(layer).bias"]?.value.values[2] = -0.75
    let silent = try removeDead(graph)
    #expect(silent.graph.parameters[bias] == graph.parameters[bias])
    try expectSameOutputs(graph, silent.graph)
  }

  @Test("Through norms a constant is their shift and mean; before a padded border it stays unless it is zero")
  func norms() throws {
    // a1 = ReLU(norm(conv)); without weights, channel 1 holds (0 - mean)·scale/deviation + shift.
    var graph = try zeroing("a1.conv.weight", axis: 0, [1], in: SmallGraph.residual.graph())
    graph.parameters["a1.norm.mean"]?.value.values[1] = 0
    graph.parameters["a1.norm.shift"]?.value.values[1] = 0.5
    #expect(errorMessage { _ = try removeDead(graph) }.contains("changes nothing"))
    graph.parameters["a1.norm.shift"]?.value.values[1] = -0.5
    let rewrite = try removeDead(graph)
    #expect(filters(rewrite.graph, "a1") == 3)
    #expect(rewrite.origin["a1.norm.scale"]?.kept == [0: [0, 2, 3]])
    try expectSameOutputs(graph, rewrite.graph)
  }

  @Test("A perceptron's norm and tanh are followed; the constant goes into the logits")
  func features() throws {
    let graph = try zeroing("hidden.weight", axis: 0, [0, 7], in: SmallGraph.perceptron.graph())
    let rewrite = try removeDead(graph)
    #expect(filters(rewrite.graph, "act") == 10)
    try expectSameOutputs(graph, rewrite.graph)
  }

  @Test("What depends on another branch stays: both summands must be dead")
  func residual() throws {
    var graph = try zeroing("stem.conv.weight", axis: 0, [2], in: SmallGraph.residual.graph())
    #expect(errorMessage { _ = try removeDead(graph) }.contains("changes nothing"))
    graph = try zeroing("a2.conv.weight", axis: 0, [2], in: graph)
    graph.parameters["stem.norm.shift"]?.value.values[2] = -1
    graph.parameters["stem.norm.mean"]?.value.values[2] = 0
    graph.parameters["a2.shift"]?.value.values[2] = -1
    graph.parameters["a2.mean"]?.value.values[2] = 0
    let rewrite = try removeDead(graph)
    #expect(filters(rewrite.graph, "a.sum") == 3)
    try expectSameOutputs(graph, rewrite.graph)
  }

  @Test("A concatenation and a depthwise layer are followed")
  func joined() throws {
    let fire = try zeroing("expand3.weight", axis: 0, [1, 4], in: SmallGraph.fire.graph())
    let smaller = try removeDead(fire)
    #expect(filters(smaller.graph, "fire") == 7)
    try expectSameOutputs(fire, smaller.graph)

    var separable = try zeroing("stem.conv.weight", axis: 0, [3], in: SmallGraph.separable.graph())
    // The channel is zero after the stem's ReLU6, so the padded border of the depthwise layer equals its
    // middle.
    separable.parameters["stem.norm.mean"]?.value.values[3] = 0
    separable.parameters["stem.norm.shift"]?.value.values[3] = -1
    separable.parameters["depth.norm.mean"]?.value.values[3] = 0
    separable.parameters["depth.norm.shift"]?.value.values[3] = -1
    let narrower = try removeDead(separable)
    #expect(filters(narrower.graph, "depth") == 5)
    try expectSameOutputs(separable, narrower.graph)
  }

  @Test("What a removed channel alone has read goes with it")
  func cascade() throws {
    var graph = try zeroing("logits.weight", axis: 1, [5], in: SmallGraph.lenet.graph())
    var weight = try #require(graph.parameters["hidden.weight"]).value
    // Feature 4 is read by hidden unit 5 alone, and nothing reads that unit.
    for unit in 0..<8 where unit != 5 { weight.values[unit * weight.shape[1] + 4] = 0 }
    graph.parameters["hidden.weight"] = Parameter(weight)
    let rewrite = try removeDead(graph)
    #expect(filters(rewrite.graph, "hidden") == 7)
    #expect(filters(rewrite.graph, "conv2") == 5)
    #expect(
      rewrite.origin["hidden.weight"]
        == Origin(
          parameter: "hidden.weight", kept: [0: [0, 1, 2, 3, 4, 6, 7], 1: [0, 1, 2, 3, 5]]))
    try expectSameOutputs(graph, rewrite.graph)
  }

  @Test("Masks follow the slices: after magnitude pruning the network still computes the same")
  func afterPruning() throws {
    let graph = try SmallGraph.lenet.graph()
    var compression = Compression(MagnitudePruning(sparsity: 0.9), graph: graph)
    let pruned = try compression.method.compress(&compression).graph
    let rewrite = try removeDead(pruned)
    try rewrite.graph.verify()
    #expect(rewrite.graph.parameterCount < pruned.parameterCount)
    #expect(rewrite.graph.parameters["conv2.weight"]?.encoding is Sparse)
    try expectSameOutputs(pruned, rewrite.graph)
  }

  @Test("The last channel of a group stays")
  func last() throws {
    let graph = try zeroing("conv2.weight", axis: 1, [0, 1, 2, 3], in: SmallGraph.lenet.graph())
    let rewrite = try removeDead(graph)
    #expect(filters(rewrite.graph, "conv1") == 1)
    try expectSameOutputs(graph, rewrite.graph)
  }

  @Test("A network without dead channels is left as it is, and that is said")
  func nothing() throws {
    #expect(
      errorMessage { _ = try removeDead(SmallGraph.lenet.graph()) }
        == "dead-neurons: changes nothing: each channel has weights that make it and weights that read it; prune weights first"
    )
  }
}
