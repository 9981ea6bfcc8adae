import Tensors
import Graphs
import Ops

/// Nodes that hand on what they read.
enum PassingReader: ONNXNodeReader {
  static let types = ["Identity", "Cast"]

  static func read(_ node: ONNXNode, into network: inout ONNXNetworkBuilder) throws(ONNXRefusal) {
    let value = try network.value(node.input(0))
    guard node.type == "Cast" else { return network.set(node.output, value) }
    let type = ONNXTensorProto.DataType(rawValue: try node.int("to", default: 0)) ?? .undefined
    guard case .constant(let constant) = value else {
      guard type == .float else { throw .because("of computed values to another type than floats") }
      return network.set(node.output, value)
    }
    try network.setConstant(node.output, try constant.cast(to: type))
  }
}

/// Dropouts, which do nothing in inference; the rate is kept.
enum DropoutReader: ONNXNodeReader {
  static let types = ["Dropout"]

  static func read(_ node: ONNXNode, into network: inout ONNXNetworkBuilder) throws(ONNXRefusal) {
    let input = try network.made(node.input(0))
    let ratio = node.input(1) == nil ? 0.5 : try network.requireConstant(node.input(1), "ratio").scalar
    guard let ratio, ratio >= 0, ratio <= 0.99, network.shape(of: input).rank >= 2 else {
      return network.set(node.output, .made(input))
    }
    try network.append(Dropout(rate: ratio), for: node, inputs: [input])
  }
}

extension ONNXConstant {
  /// The elements as floats or as whole numbers, rounded towards zero.
  fileprivate func cast(to type: ONNXTensorProto.DataType) throws(ONNXRefusal) -> ONNXConstant {
    if [.float, .double, .float16].contains(type) {
      guard let floats else { throw .because("of the batch size to floats") }
      return ONNXConstant(dims: dims, content: .floats(floats), encoding: encoding)
    }
    guard [.int64, .int32, .uint8, .int8, .bool].contains(type) else {
      throw .because("to the type \(type)")
    }
    if case .floats(let values) = content {
      let integers = values.map { $0.isFinite && abs($0) < 0x1p62 ? Int($0) : 0 }
      return ONNXConstant(dims: dims, content: .integers(integers))
    }
    return self
  }
}
