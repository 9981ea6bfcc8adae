import Tensors
import Graphs
import Ops

/// Activations without settings.
enum ActivationReader: ONNXNodeReader {
  private static let ops: [String: any Op] = [
    "Relu": ReLU(), "Sigmoid": Sigmoid(), "Tanh": Tanh(), "HardSwish": HardSwish(),
  ]
  static let types = ops.keys.sorted()

  static func read(_ node: ONNXNode, into network: inout ONNXNetworkBuilder) throws(ONNXRefusal) {
    guard let op = ops[node.type] else { return }
    try network.append(op, for: node, inputs: [try network.made(node.input(0))])
  }
}

/// The rectifier with a slope below zero.
enum LeakyReluReader: ONNXNodeReader {
  static let types = ["LeakyRelu"]

  static func read(_ node: ONNXNode, into network: inout ONNXNetworkBuilder) throws(ONNXRefusal) {
    let slope = try node.float("alpha", default: 0.01)
    try network.append(LeakyReLU(slope: slope), for: node, inputs: [try network.made(node.input(0))])
  }
}

/// Softmax over channels.
enum SoftmaxReader: ONNXNodeReader {
  static let types = ["Softmax"]

  static func read(_ node: ONNXNode, into network: inout ONNXNetworkBuilder) throws(ONNXRefusal) {
    let input = try network.made(node.input(0))
    let shape = network.shape(of: input)
    // Before operator set 13 a softmax was over all axes from its own on.
    let spansRest = node.opset < 13
    let axis = try node.int("axis", default: spansRest ? 1 : -1)
    guard (axis < 0 ? axis + shape.rank : axis) == 1, !spansRest || shape.spatialCount == 1 else {
      throw .because(
        "axis \(axis) of \(shape)\(spansRest ? " in an operator set before 13" : ""), expected the channels")
    }
    try network.append(Softmax(), for: node, inputs: [input])
  }
}
