import Tensors
import Graphs
import Ops

/// Nodes that pass on their input.
enum PassingReader: ONNXNodeReader {
  static let types = ["Identity", "Cast"]

  static func read(_ node: ONNXNode, into network: inout ONNXNetworkBuilder) throws(ONNXRefusal) {
    let value = try network.value(node.input(0))
    guard node.type == "Cast" else { return network.set(node.output, value) }
    let type = ONNXTensorProto.DataType(rawValue: try node.int("to", default: 0)) ?? .undefined
    guard case .constant(let constant) = value else {
      guard [.float, .float16, .bfloat16, .double].contains(type) else {
        throw .because("of computed values to another type than floats")
      }
      if type == .float16 || type == .bfloat16 { network.note(ONNXInput.halfPrecision) }
      return network.set(node.output, value)
    }
    try network.setConstant(node.output, try constant.cast(to: type))
  }
}

/// Dropouts, which do nothing in inference; the rate is kept.
enum DropoutReader: ONNXNodeReader {
  static let types = ["Dropout"]

  static func read(_ node: ONNXNode, into network: inout ONNXNetworkBuilder) throws(ONNXRefusal) {
    var input = try network.viewed(node.input(0))
    let shape = network.shape(of: input.value)
    if input.view.extents.count == 1, shape.rank > 2, input.view.isInOrder(of: shape) {
      // An image that was flattened to features stays so, and nodes keep the file's order.
      let value = try network.made(node.input(0))
      input = ViewedValue(value: value, view: ONNXView(of: network.shape(of: value)))
    }
    // Before operator set 12 the ratio is an attribute.
    let ratio =
      node.input(1) == nil
      ? try node.float("ratio", default: 0.5) : try network.requireConstant(node.input(1), "ratio").scalar
    let mode = node.input(2) == nil ? nil : try network.requireConstant(node.input(2), "training mode")
    guard mode?.knownIntegers ?? [0] == [0] else {
      throw .because("training_mode 1, expected 0: export the network for inference")
    }
    guard let ratio, ratio >= 0, ratio <= 0.99, network.shape(of: input.value).rank >= 2 else {
      return network.set(node.output, input.value, input.view)
    }
    try network.append(Dropout(rate: ratio), for: node, inputs: [input.value], view: input.view)
  }
}

extension ONNXConstant {
  /// The elements as floats, or as integers rounded towards zero; numbers out of a type's range wrap around.
  fileprivate func cast(to type: ONNXTensorProto.DataType) throws(ONNXRefusal) -> ONNXConstant {
    if [.float, .double, .float16, .bfloat16].contains(type) {
      guard let floats else { throw .because("of the batch size to floats") }
      guard type == .float16 else {
        return ONNXConstant(dims: dims, content: .floats(floats), encoding: encoding)
      }
      return ONNXConstant(dims: dims, content: .floats(floats.map { Float(Float16($0)) }))
    }
    guard let converted = Self.conversions[type] else { throw .because("to the type \(type)") }
    if case .floats(let values) = content {
      // A truth value is false for zero alone, so it must be computed before fractions are lost.
      let whole = type == .bool ? values.map { $0 == 0 ? 0 : 1 } : values
      let integers = whole.map { $0.isFinite && abs($0) < 0x1p62 ? converted(Int($0)) : 0 }
      return ONNXConstant(dims: dims, content: .integers(integers))
    }
    guard let known = knownIntegers else {
      guard type == .int64 || type == .int32 else { throw .because("of the batch size to the type \(type)") }
      return self
    }
    // Numbers that stay equal keep their narrow type: a grid of 4 bits remains one after a cast to bytes.
    let values = known.map(converted)
    return ONNXConstant(
      dims: dims, content: .integers(values),
      type: self.type?.isPacked == true && values == known ? self.type : type)
  }

  /// The conversions of integers to the types.
  private static let conversions: [ONNXTensorProto.DataType: @Sendable (Int) -> Int] = [
    .int64: { $0 }, .int32: { Int(Int32(truncatingIfNeeded: $0)) },
    .uint8: { Int(UInt8(truncatingIfNeeded: $0)) }, .int8: { Int(Int8(truncatingIfNeeded: $0)) },
    .bool: { $0 == 0 ? 0 : 1 },
  ]
}
