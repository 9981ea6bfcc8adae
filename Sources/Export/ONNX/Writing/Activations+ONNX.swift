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

extension HardSigmoid: ONNXNodeWriter {
  func write(_ node: ONNXNodeContext, to file: inout ONNXGraphWriter) {
    file.add("HardSigmoid", node.inputs, node.output, [.float("alpha", slope), .float("beta", offset)])
  }
}

extension Clamp: ONNXNodeWriter {
  func write(_ node: ONNXNodeContext, to file: inout ONNXGraphWriter) {
    let bounds = [file.scalar(node.name + "/min", 0 - below), file.scalar(node.name + "/max", above)]
    file.add("Clip", node.inputs + bounds, node.output)
  }
}

extension ELU: ONNXNodeWriter {
  func write(_ node: ONNXNodeContext, to file: inout ONNXGraphWriter) {
    file.add(
      scale == 1 ? "Elu" : "Selu", node.inputs, node.output,
      [.float("alpha", alpha)] + (scale == 1 ? [] : [.float("gamma", scale)]))
  }
}

extension GELU: ONNXNodeWriter {
  /// Writes a formula of basic nodes, as operator sets before 20 have no GELU.
  func write(_ node: ONNXNodeContext, to file: inout ONNXGraphWriter) {
    let x = node.inputs[0]
    func number(_ what: String, _ value: Float) -> String { file.scalar("\(node.name)/\(what)", value) }
    func add(_ type: String, _ inputs: [String], _ what: String) -> String {
      file.add(type, inputs, file.fresh("\(node.name)/\(what)"))
    }
    let bent: String
    if form == .exact {
      bent = add("Erf", [add("Mul", [x, number("root", Float(0.5).squareRoot())], "scaled")], "erf")
    } else {
      let cube = add("Mul", [add("Mul", [x, x], "square"), x], "cube")
      let small = add("Mul", [cube, number("small", 0.044715)], "part")
      let sum = add("Add", [x, small], "sum")
      bent = add("Tanh", [add("Mul", [sum, number("root", (2 / Float.pi).squareRoot())], "inner")], "tanh")
    }
    let share = add("Add", [bent, number("one", 1)], "share")
    let product = add("Mul", [x, share], "product")
    file.add("Mul", [product, number("half", 0.5)], node.output)
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
