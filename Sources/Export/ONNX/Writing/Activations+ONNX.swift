import Ops

extension ReLU: ONNXNodeWriter {
  func write(_ node: ONNXNodeContext, to file: inout ONNXGraphWriter) {
    file.add("Relu", node.inputs, node.output)
  }
}

extension ReLU6: ONNXNodeWriter {
  func write(_ node: ONNXNodeContext, to file: inout ONNXGraphWriter) {
    let bounds = [file.scalar(node.name + "/min", 0), file.scalar(node.name + "/max", 6)]
    file.add("Clip", node.inputs + bounds, node.output)
  }
}

extension LeakyReLU: ONNXNodeWriter {
  func write(_ node: ONNXNodeContext, to file: inout ONNXGraphWriter) {
    file.add("LeakyRelu", node.inputs, node.output, [.float("alpha", slope)])
  }
}

extension HardSwish: ONNXNodeWriter {
  func write(_ node: ONNXNodeContext, to file: inout ONNXGraphWriter) {
    file.add("HardSwish", node.inputs, node.output)
  }
}

extension Sigmoid: ONNXNodeWriter {
  func write(_ node: ONNXNodeContext, to file: inout ONNXGraphWriter) {
    file.add("Sigmoid", node.inputs, node.output)
  }
}

extension Tanh: ONNXNodeWriter {
  func write(_ node: ONNXNodeContext, to file: inout ONNXGraphWriter) {
    file.add("Tanh", node.inputs, node.output)
  }
}

extension Softmax: ONNXNodeWriter {
  func write(_ node: ONNXNodeContext, to file: inout ONNXGraphWriter) {
    file.add("Softmax", node.inputs, node.output, [.int("axis", 1)])
  }
}
