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
    let axis = try node.int("axis", default: -1)
    let rank = network.shape(of: input).rank
    guard (axis < 0 ? axis + rank : axis) == 1 else {
      throw .because("axis \(axis) of \(network.shape(of: input)), expected the channels")
    }
    try network.append(Softmax(), for: node, inputs: [input])
  }
}
