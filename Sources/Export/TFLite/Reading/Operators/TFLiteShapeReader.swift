/// Extents of values, and results computed from them.
enum TFLiteShapeReader: TFLiteOperatorReader {
  static let types = ["SHAPE", "PACK", "GATHER", "BROADCAST_TO"]

  static func read(_ call: TFLiteCall, into network: inout TFLiteTranslation) throws(ONNXRefusal) {
    if call.type == "SHAPE", let place = call.input(0), network.stretch(place) != nil {
      return network.handOn(network.store(integers: network.tensor(place).shape), for: call)
    }
    let first = try network.value(call, 0)
    switch call.type {
    case "SHAPE": try network.append("Shape", [first], for: call)
    case "BROADCAST_TO":
      try network.append("Expand", [first, try network.value(call, 1)], for: call, isMoving: true)
    case "GATHER":
      let axis = try call.integer(.gather, 0)
      guard try call.integer(.gather, 1) == 0 else { throw .because("of each image by its own places") }
      try network.append("Gather", [first, try network.value(call, 1)], [.int("axis", axis)], for: call)
    default:
      let axis = try call.integer(.pack, 1)
      guard axis == 0 else { throw .because("values packed along axis \(axis), expected extents of a shape") }
      var parts: [String] = []
      for position in call.inputs.indices {
        let axes = network.store(integers: [0])
        parts.append(network.emit("Unsqueeze", [try network.value(call, position), axes], for: call))
      }
      try network.append("Concat", parts, [.int("axis", 0)], for: call)
    }
  }
}

/// Casts between number types, which pass on their input.
enum TFLitePassingReader: TFLiteOperatorReader {
  static let types = ["CAST"]

  static func read(_ call: TFLiteCall, into network: inout TFLiteTranslation) throws(ONNXRefusal) {
    guard let output = call.outputs.first, let type = network.tensor(output).type,
      let target = targets[type]
    else { throw .because("to a type that is not read") }
    let input = try network.value(call, 0)
    try network.append("Cast", [input], [.int("to", target.rawValue)], for: call)
  }

  private static let targets: [TFLiteElementType: ONNXTensorProto.DataType] = [
    .float32: .float, .int32: .int32, .int64: .int64, .float16: .float,
  ]
}
