import Ops
import Tensors

extension Add: ONNXNodeWriter {
  /// `Add` takes two values and `Sum` any number; only `Add` has integer kernels.
  func write(_ node: ONNXNodeContext, to file: inout ONNXGraphWriter) {
    file.add(node.inputs.count == 2 ? "Add" : "Sum", node.inputs, node.output)
  }
}

extension Multiply: ONNXNodeWriter {
  func write(_ node: ONNXNodeContext, to file: inout ONNXGraphWriter) {
    file.add("Mul", node.inputs, node.output)
  }
}

extension Concat: ONNXNodeWriter {
  func write(_ node: ONNXNodeContext, to file: inout ONNXGraphWriter) {
    file.add("Concat", node.inputs, node.output, [.int("axis", 1)])
  }
}

extension TreeSum: ONNXNodeWriter {
  /// Writes the sum as `relu(signs · (decisions > 0) + offsets) · scores` with the constants of `conditions`.
  ///
  /// The rectified value is 1 for nodes on the image's path and 0 for others, so it selects their scores.
  func write(_ node: ONNXNodeContext, to file: inout ONNXGraphWriter) {
    func add(_ type: String, _ inputs: [String], _ what: String, _ attributes: [ONNXAttributeProto] = [])
      -> String
    {
      file.add(type, inputs, file.fresh("\(node.name)/\(what)"), attributes)
    }
    let (signs, offsets) = conditions
    let matrix = file.store(
      ONNXTensorProto(
        name: file.fresh("\(node.name)/signs"), floats: signs, dims: [nodes, decisions]))
    let positive = add("Greater", [node.inputs[0], file.scalar("\(node.name)/nothing", 0)], "positive")
    let numbers = add("Cast", [positive], "numbers", [.int("to", ONNXTensorProto.DataType.float.rawValue)])
    let met = add(
      "Gemm", [numbers, matrix, file.floats("\(node.name)/offsets", offsets)], "met", [.int("transB", 1)])
    let axis = file.integers("\(node.name)/axis", [1])
    let path = add("Unsqueeze", [add("Relu", [met], "path"), axis], "row")
    let classes = node.inputShapes[1][1] / nodes
    let shape = file.integers("\(node.name)/shape", [0, nodes, classes])
    let scores = add("Reshape", [node.inputs[1], shape], "scores")
    file.add("Flatten", [add("MatMul", [path, scores], "sum")], node.output, [.int("axis", 1)])
  }

  /// The signs `[node, decision]` and offsets `[node]` that detect the nodes of a path.
  ///
  /// A sign is 1 or -1 if the node lies on the positive or the other side of the decision, else 0. The offset is 1 minus the number
  /// of positive sides on the way to the node. With decisions of 1 for positive and 0 for others, signs · decisions + offset is 1
  /// for nodes on the path and at most 0 for others.
  var conditions: (signs: [Float], offsets: [Float]) {
    var signs = Array(repeating: Float(0), count: nodes * decisions)
    var offsets = Array(repeating: Float(1), count: nodes)
    for node in 1..<nodes {
      var below = node
      while below > 0 {
        let above = (below - 1) / 2
        let isPositive = below == 2 * above + 1
        signs[node * decisions + above] = isPositive ? 1 : -1
        if isPositive { offsets[node] -= 1 }
        below = above
      }
    }
    return (signs, offsets)
  }
}
