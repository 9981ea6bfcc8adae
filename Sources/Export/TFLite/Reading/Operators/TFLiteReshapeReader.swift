/// The same elements with other extents.
enum TFLiteReshapeReader: TFLiteOperatorReader {
  static let types = ["RESHAPE"]

  static func read(_ call: TFLiteCall, into network: inout TFLiteTranslation) throws(ONNXRefusal) {
    let place = try call.requiredInput(0)
    if network.isLayingRows(call) {
      return try network.append(
        "Flatten", [try network.value(call, 0)], [.int("axis", 1)], for: call, isMoving: true)
    }
    if let output = call.outputs.first, let stretch = try TFLiteTileReader.stretch(place, output, network) {
      return try TFLiteTileReader.read(stretch, call, &network)
    }
    let given = try network.integers(call, 1)
    if given == nil, call.input(1) != nil, !network.isConstant(try call.requiredInput(1)) {
      return try network.append(
        "Reshape", [try network.value(call, 0), try network.value(call, 1)], for: call, isMoving: true)
    }
    let stated = try call.integers(.reshape, 0)
    guard let extents = given ?? stated, extents.count <= 8,
      extents.allSatisfy({ $0 >= -1 }), let output = call.outputs.first
    else { throw .because("a shape that is no list of extents") }
    let batch = try network.batch()
    let lying = network.batchlessValue(place)
    let source = if let lying { lying } else { try network.value(call, 0) }
    // Extents that do not begin with the batch, as in a channel shuffle; a batch of one may precede them.
    let result = network.tensor(output).shape
    if batch == 1, result.first != 1, extents.first != 1, !result.isEmpty, result.count == extents.count {
      let lifted = network.store(integers: [1] + extents)
      return network.setBatchless(output, network.emit("Reshape", [source, lifted], for: call))
    }
    try network.append(
      "Reshape", [source, network.store(integers: extents)], for: call, isMoving: true)
  }
}

/// Removes or inserts axes of one element.
enum TFLiteAxesReader: TFLiteOperatorReader {
  static let types = ["SQUEEZE", "EXPAND_DIMS"]

  static func read(_ call: TFLiteCall, into network: inout TFLiteTranslation) throws(ONNXRefusal) {
    if call.type == "EXPAND_DIMS", network.stretch(try call.requiredInput(0)) != nil {
      // The beginning of the second of two repetitions, which the reader of its last operator handles.
      return
    }
    let input = try network.value(call, 0)
    if call.type == "EXPAND_DIMS" {
      let axes = try network.requiredIntegers(call, 1, "axes")
      return try network.append(
        "Unsqueeze", [input, network.store(integers: axes)], for: call, isMoving: true)
    }
    let shape = try network.shape(call, 0)
    var axes = try call.integers(.squeeze, 0) ?? []
    if axes.isEmpty { axes = shape.indices.filter { shape[$0] == 1 } }
    try network.append("Squeeze", [input, network.store(integers: axes)], for: call, isMoving: true)
  }
}

/// Reorders axes.
enum TFLiteTransposeReader: TFLiteOperatorReader {
  static let types = ["TRANSPOSE"]

  static func read(_ call: TFLiteCall, into network: inout TFLiteTranslation) throws(ONNXRefusal) {
    let order = try network.requiredIntegers(call, 1, "order")
    guard order.count <= 8, order.allSatisfy({ (0..<8).contains($0) }), let output = call.outputs.first else {
      throw .because("an order of \(order)")
    }
    if let source = network.batchlessValue(try call.requiredInput(0)) {
      return network.setBatchless(output, network.turned(source, [0] + order.map { $0 + 1 }, for: call))
    }
    try network.append(
      "Transpose", [try network.value(call, 0)], [.ints("perm", order)], for: call, isMoving: true)
  }
}

extension TFLiteTranslation {
  /// The batch that the file was written for.
  func batch() throws(ONNXRefusal) -> Int {
    guard let input = source.inputs.first, let batch = tensor(input).shape.first else {
      throw .because("the batch is not known")
    }
    return batch
  }
}
