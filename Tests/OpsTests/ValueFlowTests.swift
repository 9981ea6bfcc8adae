import Graphs
import Ops
import Tensors
import TestSupport
import Testing

@Suite("What ops do to stored numbers")
struct ValueFlowTests {
  @Test("Ops do what their value flow says, on every example", arguments: OpCase.all())
  func law(example: OpCase) throws {
    let inputs = example.inputs.enumerated().map { Tensor(random: $1, in: -9...9, seed: UInt64($0)) }
    let parameters = example.op.parameters(example.inputs).map {
      Tensor(random: $0.shape, in: 0.5...1, seed: 1, $0.role.rawValue)
    }
    var frame = KernelFrame(
      inputs: inputs, parameters: parameters,
      output: Tensor(zeros: try example.op.outputShape(example.inputs)),
      mode: .inference, random: SeededRandom(seed: 0, purpose: "flow"))
    example.op.forward(&frame)
    let read = inputs[0].values
    switch example.op.valueFlow {
    case .computing: break
    case .moving: #expect(Set(frame.output.values).isSubset(of: Set(read)))
    case .vanishing: #expect(frame.output.values == read)
    case .clamping:
      let low = frame.output.values.min() ?? 0
      let high = frame.output.values.max() ?? 0
      #expect(frame.output.values == read.map { min(max($0, low), high) })
      #expect(low == 0)
    }
  }

  @Test("A computed value is fused into the clamp that alone reads it, and moved values name what they hold")
  func places() throws {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [1, 8, 8])])
    try graph.append(Conv2D(filters: 2, kernel: 3), name: "conv", inputs: ["image"])
    try graph.append(ReLU(), name: "relu", inputs: ["conv"])
    try graph.append(MaxPool(kernel: 2), name: "pool", inputs: ["relu"])
    try graph.append(Dropout(), name: "drop", inputs: ["pool"])
    try graph.append(Flatten(), name: "flat", inputs: ["drop"])
    try graph.append(Linear(features: 4), name: "shared", inputs: ["flat"])
    try graph.append(ReLU(), name: "branch", inputs: ["shared"])
    try graph.append(Add(), name: "sum", inputs: ["branch", "shared"])
    try graph.append(ReLU6(), name: "last", inputs: ["sum"])
    graph.outputs = ["sum", "last"]
    let expected: [String: ValuePlace] = [
      "image": .stored, "conv": .fused(into: "relu"), "relu": .stored, "pool": .alike("relu"),
      "drop": .same(as: "pool"), "flat": .alike("relu"), "shared": .stored, "branch": .stored, "sum": .stored,
      "last": .stored,
    ]
    #expect(graph.valuePlaces() == expected)
  }
}
