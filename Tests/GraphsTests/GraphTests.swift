import Graphs
import Ops
import Settings
import Tensors
import TestSupport
import Testing

@Suite("Graph")
struct GraphTests {
  private func start(_ shape: Shape = [3, 8, 8]) -> Graph {
    Graph(inputs: [GraphInput(name: "image", shape: shape)])
  }

  @Test("shapes follow the batch")
  func shapes() throws {
    let graph = try SmallGraph.lenet.graph()
    #expect(graph.shape(of: "conv1", batch: 7) == [7, 4, 10, 10])
    #expect(graph.shape(of: "flat") == [1, 6])
    #expect(graph.shape(of: "nothing") == nil)
  }

  @Test("parameters and multiply-adds are those counted by hand")
  func counts() throws {
    let graph = try SmallGraph.lenet.graph()
    #expect(graph.parameterCount == (4 * 25 + 4) + (6 * 4 * 9 + 6) + (6 * 8 + 8) + (8 * 5 + 5))
    #expect(graph.multiplyAdds == 100 * 4 * 25 + 9 * 6 * 4 * 9 + 6 * 8 + 8 * 5)
  }

  @Test("a second value of a name is refused")
  func duplicate() throws {
    var graph = start()
    #expect(throws: GraphError.duplicateName("image")) {
      try graph.append(ReLU(), name: "image", inputs: ["image"])
    }
  }

  @Test("an unknown input is refused with the nearest name")
  func unknown() throws {
    var graph = start()
    #expect(
      errorMessage { _ = try graph.append(ReLU(), name: "relu", inputs: ["imgae"]) }
        == "relu: reads \"imgae\", which no earlier node makes; did you mean \"image\"?")
  }

  @Test(
    "shapes that do not fit are refused with the op and both shapes",
    arguments: [
      (
        Conv2D(filters: 2, kernel: 9) as any Op,
        "n on 1x3x8x8: conv2d: the kernel: 9x9 does not fit into 1x3x8x8"
      ),
      (Conv2D(filters: 2, kernel: 1, groups: 2), "n on 1x3x8x8: conv2d: 2 groups do not divide 3 channels"),
      (Conv2D(filters: 3, kernel: 1, groups: 2), "n on 1x3x8x8: conv2d: 2 groups do not divide 3 filters"),
      (Conv2D(filters: 3, kernel: 0), "n on 1x3x8x8: conv2d: kernel 0x0 is outside 1...65536"),
      (
        Conv2D(filters: 3, kernel: 3, padding: -1), "n on 1x3x8x8: conv2d: padding -1x-1 is outside 0...65536"
      ),
      (
        Conv2D(filters: 65536, kernel: 1, padding: 65536),
        "n on 1x3x8x8: conv2d: a value of 1x65536x131080x131080 is larger than 1073741824 elements"
      ),
      (
        MaxPool(kernel: 2, padding: 2),
        "n on 1x3x8x8: max-pool: padding 2x2 must be smaller than the kernel 2x2"
      ),
      (Linear(features: 2), "n on 1x3x8x8: linear takes features NxF (flatten images first), found 1x3x8x8"),
      (
        MaxPool(kernel: 65536, padding: 65535),
        "n on 1x3x8x8: max-pool: kernel 65536x65536 has more than 1048576 elements"
      ),
      (Add(), "n on 1x3x8x8: add takes two or more inputs, found 1"),
      (Reshape(shape: [7, -1]), "n on 1x3x8x8: reshape: the elements do not fit: 3x8x8 and 7x-1 do not fit"),
    ])
  func misfits(_ op: any Op, _ message: String) throws {
    var graph = start()
    #expect(errorMessage { _ = try graph.append(op, name: "n", inputs: ["image"]) } == message)
  }

  @Test(
    "hostile inputs are refused without overflow",
    arguments: [[Int.max, 1, 1], [1, Int.max, Int.max], [0, 4, 4], [-3, 4, 4]])
  func hostileInputs(_ dimensions: [Int]) {
    for example in OpCase.all() where example.inputs.count == 1 {
      var graph = start(Shape(dimensions))
      #expect(throws: GraphError.self, "\(example)") {
        try graph.append(example.op, name: "y", inputs: ["image"])
      }
    }
  }

  @Test("a start depends on seed and name, not on other nodes")
  func initialization() throws {
    var one = start()
    try one.append(Conv2D(filters: 2, kernel: 3), name: "conv", inputs: ["image"])
    var two = start()
    try two.append(ReLU(), name: "relu", inputs: ["image"])
    try two.append(Conv2D(filters: 5, kernel: 1), name: "other", inputs: ["relu"])
    try two.append(Conv2D(filters: 2, kernel: 3), name: "conv", inputs: ["image"])
    one.initializeParameters(seed: 4)
    two.initializeParameters(seed: 4)
    #expect(one.parameters["conv.weight"] == two.parameters["conv.weight"])
    two.initializeParameters(seed: 5)
    #expect(one.parameters["conv.weight"] != two.parameters["conv.weight"])
    let bound = 1 / Float(27).squareRoot()
    let weights = one.parameters["conv.weight"]?.value.values ?? []
    #expect(weights.count == 54 && weights.allSatisfy { abs($0) <= bound })
    #expect(weights.contains { abs($0) > bound / 2 })
  }

  @Test("verification finds what is missing, misshapen, stray and not finite")
  func verification() throws {
    let graph = try SmallGraph.fire.graph()
    try graph.verify()
    func error(_ change: (inout Graph) -> Void) -> GraphError? {
      var changed = graph
      change(&changed)
      do throws(GraphError) {
        try changed.verify()
        return nil
      } catch {
        return error
      }
    }
    #expect(error { $0.outputs = [] } == .noOutputs)
    #expect(
      error { $0.outputs = ["logit"] } == .unknownValue(node: "outputs", value: "logit", suggestion: "logits")
    )
    #expect(error { $0.parameters["conv.bias"] = nil } == .missingParameter("conv.bias", expected: [6]))
    #expect(
      error { $0.parameters["conv.bias"] = Parameter(Tensor(zeros: [5])) }
        == .parameterShape("conv.bias", expected: [6], found: [5]))
    #expect(error { $0.parameters["no.bias"] = Parameter(Tensor(zeros: [5])) } == .strayParameter("no.bias"))
    #expect(
      error { $0.parameters["conv.bias"]?.value.values[1] = .nan } == .notFinite(parameter: "conv.bias"))
    #expect(error { $0.parameters["conv.bias"]?.value.values[1] = -1 } == nil)
  }

  @Test("a running variance below zero is refused: its root would be no number")
  func negativeVariance() throws {
    var graph = start()
    graph.outputs = [try graph.append(BatchNorm(), name: "norm", inputs: ["image"])]
    graph.initializeParameters(seed: 0)
    try graph.verify()
    graph.parameters["norm.variance"]?.value.values[2] = -0.5
    #expect(
      errorMessage { try graph.verify() } == "norm.variance: holds a negative value, expected 0 or more")
  }

  @Test("multiply-adds beyond what an integer counts are refused where they are added")
  func uncountable() throws {
    var graph = start([1024, 1, 1])
    let message = errorMessage {
      for index in 0..<100 {
        let conv = Conv2D(filters: 1, kernel: 1023, padding: 16_894)
        try graph.append(conv, name: "conv\(index)", inputs: ["image"])
      }
    }
    #expect(message.contains("multiply-adds more than the graph has already cannot be counted"), "\(message)")
    #expect(graph.nodes.count == 8 && graph.multiplyAdds == 8 * 32_767 * 32_767 * 1024 * 1023 * 1023)
  }

  @Test("nodes are equal when name, inputs, kind and settings are")
  func equality() throws {
    let node = Node(name: "a", op: Conv2D(filters: 2, kernel: 3), inputs: ["x"])
    #expect(node == Node(name: "a", op: Conv2D(filters: 2, kernel: Extent(3, 3)), inputs: ["x"]))
    #expect(node != Node(name: "a", op: Conv2D(filters: 2, kernel: Extent(3, 1)), inputs: ["x"]))
    #expect(node != Node(name: "a", op: ReLU(), inputs: ["x"]))
    #expect(Set([node, node]).count == 1)
  }
}
