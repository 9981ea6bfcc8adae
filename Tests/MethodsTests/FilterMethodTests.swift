import Graphs
import LinearAlgebra
import Methods
import Ops
import Tensors
import TestSupport
import Testing

@Suite("depthwise-separable and fire")
struct FilterMethodTests {
  /// A network with a first convolution and a second of stride 2 before a norm.
  private func network(bias: Bool = true) throws -> Graph {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [3, 8, 8])])
    try graph.append(Conv2D(filters: 6, kernel: 3, padding: 1), name: "first", inputs: ["image"])
    try graph.append(ReLU(), name: "relu", inputs: ["first"])
    try graph.append(
      Conv2D(filters: 16, kernel: 3, stride: 2, padding: 1, bias: bias), name: "conv", inputs: ["relu"])
    try graph.append(BatchNorm(), name: "norm", inputs: ["conv"])
    graph.outputs = ["norm"]
    graph.scatterParameters(seed: 14)
    return graph
  }

  private func applicability<M: CompressionMethod>(_ method: M, _ node: String, _ graph: Graph) throws
    -> Applicability
  {
    method.applicability(to: try #require(graph.node(named: node)), in: graph)
  }

  @Test("the separable kernel has the cost that the paper says and the value's name and shape")
  func structure() throws {
    let graph = try network()
    let rewrite = try compressed(graph, by: DepthwiseSeparable())
    let smaller = rewrite.graph
    #expect(
      smaller.nodes.map(\.name) == [
        "first", "relu", "conv.depthwise", "conv.depthwise.norm", "conv.depthwise.relu", "conv", "norm",
      ])
    #expect(smaller.shape(of: "conv") == [1, 16, 4, 4])
    #expect(smaller.shape(of: "conv.depthwise") == [1, 6, 4, 4])
    let old = graph.cost(of: try #require(graph.node(named: "conv"))).multiplyAdds
    let new = ["conv.depthwise", "conv"].compactMap { smaller.node(named: $0) }
      .reduce(0) { $0 + smaller.cost(of: $1).multiplyAdds }
    // The new layers take 1/filters + 1/taps of the full convolution.
    #expect(new * 16 * 9 == old * (9 + 16))
    #expect(rewrite.origin["conv.bias"] == Origin(parameter: "conv.bias"))
    #expect(rewrite.origin["conv.weight"] == nil && rewrite.origin["conv.depthwise.weight"] == nil)
  }

  @Test(
    "depthwise times pointwise is the nearest separable kernel: its error is what the leading values lack")
  func decomposition() throws {
    let graph = try network()
    let smaller = try compressed(graph, by: DepthwiseSeparable()).graph
    let weight = try #require(graph.parameters["conv.weight"]?.value)
    let depthwise = try #require(smaller.parameters["conv.depthwise.weight"]?.value)
    let pointwise = try #require(smaller.parameters["conv.weight"]?.value)
    let product = weight.values.indices.map {
      pointwise.values[$0 / 9] * depthwise.values[$0 / 9 % 6 * 9 + $0 % 9]
    }
    var dropped = 0.0
    for channel in 0..<6 {
      let slice = weight.gathering([channel], axis: 1).reshaped([16, 9])
      dropped += try slice.svd().values.dropFirst().reduce(0) { $0 + $1 * $1 }
    }
    #expect(abs(squaredDistance(weight.values, product) - dropped) < 1e-5 * dropped)
    for channel in 0..<6 { #expect(depthwise.values[channel * 9..<channel * 9 + 9].reduce(0, +) >= 0) }
  }

  @Test("a separable kernel with taps of one sign computes through fresh norm and ReLU what it did")
  func exact() throws {
    var graph = try network()
    var random = SeededRandom(seed: 2, purpose: "separable")
    let taps = (0..<54).map { _ in random.uniform() }
    let points = (0..<96).map { _ in random.normal() }
    graph.parameters["conv.weight"] = Parameter(
      Tensor((0..<864).map { points[$0 / 9] * taps[$0 / 9 % 6 * 9 + $0 % 9] }, shape: [16, 6, 3, 3]))
    let smaller = try compressed(graph, by: DepthwiseSeparable()).graph
    // The new norm divides by √(1 + 1e-5).
    #expect(relativeDistance(try graph.output("conv"), try smaller.output("conv")) < 1e-4)
  }

  @Test("fresh weights are the same for one seed, others for another, and have no origin")
  func fresh() throws {
    var method = DepthwiseSeparable()
    method.initialize = .fresh
    let graph = try network()
    let first = try compressed(graph, by: method, seed: 1)
    #expect(first == (try compressed(graph, by: method, seed: 1)))
    let other = try compressed(graph, by: method, seed: 2)
    for name in ["conv.weight", "conv.depthwise.weight", "conv.bias"] {
      #expect(first.graph.parameters[name] != other.graph.parameters[name], "\(name)")
      #expect(first.origin[name] == nil, "\(name)")
    }
    #expect(first.graph.parameters["first.weight"] == graph.parameters["first.weight"])
  }

  @Test("the first convolution is replaced only where it is asked for")
  func firstLayer() throws {
    let graph = try network()
    #expect(
      try applicability(DepthwiseSeparable(), "first", graph)
        == .notApplicable(reason: "it is the first convolution; set first to replace it too"))
    var method = DepthwiseSeparable()
    method.first = true
    #expect(try applicability(method, "first", graph) == .applicable)
    #expect(try applicability(method, "relu", graph) == .notApplicable(reason: "it is no convolution"))
  }

  @Test("fire modules have the widths of their settings", arguments: [true, false])
  func fire(norm: Bool) throws {
    var method = FireModules()
    method.norm = norm
    method.squeezeRatio = 0.25
    let graph = try network(bias: !norm)
    let rewrite = try compressed(graph, by: method)
    let smaller = rewrite.graph
    let squeeze = norm ? ["conv.squeeze", "conv.squeeze.norm"] : ["conv.squeeze"]
    #expect(
      smaller.nodes.map(\.name) == ["first", "relu"] + squeeze
        + ["conv.squeeze.relu", "conv.expand1x1", "conv.expand3x3", "conv", "norm"])
    #expect(smaller.shape(of: "conv.squeeze") == [1, 4, 8, 8])
    #expect(smaller.shape(of: "conv.expand1x1") == [1, 8, 4, 4])
    #expect(smaller.shape(of: "conv.expand3x3") == [1, 8, 4, 4])
    #expect(smaller.shape(of: "conv") == [1, 16, 4, 4])
    // Squeeze 6·4, expand 4·8 and 4·8·9, and the biases or two numbers for each channel of the norm.
    let parts = 24 + 32 + 288 + (norm ? 8 : 4 + 16)
    #expect(smaller.parameterCount - graph.parameterCount == parts - 16 * 6 * 9 - (norm ? 0 : 16))
    #expect(rewrite.origin["conv.expand3x3.weight"] == nil)
    #expect(try smaller.output("norm").allSatisfy(\.isFinite))
  }

  @Test("fire refuses what cannot be two convolutions side by side")
  func fireApplicability() throws {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [4, 8, 8])])
    try graph.append(Conv2D(filters: 8, kernel: 1), name: "point", inputs: ["image"])
    try graph.append(Conv2D(filters: 8, kernel: 3), name: "valid", inputs: ["point"])
    try graph.append(Conv2D(filters: 1, kernel: 3, padding: 1), name: "one", inputs: ["valid"])
    try graph.append(Conv2D(filters: 4, kernel: 3, padding: 1), name: "tiny", inputs: ["one"])
    try graph.append(Conv2D(filters: 4, kernel: 3, padding: 1, groups: 4), name: "depth", inputs: ["tiny"])
    let reasons = [
      "point": "its kernel is 1x1",
      "valid": "its padding of 0x0 does not keep the size of the plane, as a 1x1 convolution does",
      "one": "it has one filter, which cannot be two kinds",
      "depth": "it is a convolution of 4 groups already",
    ]
    for (name, reason) in reasons {
      #expect(try applicability(FireModules(), name, graph) == .notApplicable(reason: reason))
    }
    #expect(try applicability(FireModules(), "tiny", graph) == .applicable)
  }

  @Test("a network without convolutions is an error")
  func nothing() throws {
    let graph = try SmallGraph.perceptron.graph()
    #expect(
      errorMessage { _ = try compressed(graph, by: FireModules()) }
        == "fire: changes nothing: no convolution would become smaller")
  }
}
