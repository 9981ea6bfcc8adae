import Graphs
import Tensors

/// An op with a form in ONNX: one or more ONNX nodes that compute its output.
protocol ONNXNodeWriter: Op {
  /// Appends the nodes to a file.
  func write(_ node: ONNXNodeContext, to file: inout ONNXGraphWriter)
}

/// The inputs, parameters and output of a node, by their names in the file.
struct ONNXNodeContext {
  /// The names of the inputs.
  let inputs: [String]
  /// The names of the node's parameters by role.
  let parameters: [ParameterRole: String]
  /// The name of the output.
  let output: String
  /// The shapes of the inputs for a batch of one.
  let inputShapes: [Shape]
  /// The node's name in the graph, which begins the names of intermediate values.
  let name: String

  /// The names of the parameters that the node has, in the order of `roles`.
  func values(_ roles: ParameterRole...) -> [String] { roles.compactMap { parameters[$0] } }
}

extension NodeRefusal {
  /// The refusal of a node whose op has no form in ONNX.
  static func withoutONNXForm(_ node: Node) -> NodeRefusal {
    NodeRefusal(node: node.name, kind: node.op.kind, reason: "ONNX export has no form for this op")
  }
}
