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
  /// Whether an image goes through a node is how many decisions on the way to it are as they must be, less all but one of them; of
  /// these numbers, 1 or less than 1, the positive ones choose rows of scores.
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

  /// By node and decision 1 or -1 where the node lies on that side of it, else 0, and by node 1 less than the positive sides on its way
  /// make of them: their sum for the decisions taken, 1 for positive and 0 for others, is 1 at the nodes of the path, less elsewhere.
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
