import Ops

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
