import Graphs
import Tensors

/// An op that has a form in ONNX: one or more ONNX nodes that compute its output.
protocol ONNXNodeWriter: Op {
  /// Adds the nodes to a file.
  func write(_ node: ONNXNodeContext, to file: inout ONNXGraphWriter)
}

/// What a node reads and makes, by the names that these values have in the file.
struct ONNXNodeContext {
  /// The values that are read.
  let inputs: [String]
  /// By role, the values of the node's parameters.
  let parameters: [ParameterRole: String]
  /// The value to make.
  let output: String
  /// The shapes of the inputs for a batch of one.
  let inputShapes: [Shape]
  /// The node's name in the graph, from which names of intermediate values are made.
  let name: String

  /// The values of parameters in the order of roles, as far as the node has them.
  func values(_ roles: ParameterRole...) -> [String] { roles.compactMap { parameters[$0] } }
}

extension NodeRefusal {
  /// An op that has no ONNX form.
  static func withoutONNXForm(_ node: Node) -> NodeRefusal {
    NodeRefusal(node: node.name, kind: node.op.kind, reason: "ONNX export has no form for this op")
  }
}
