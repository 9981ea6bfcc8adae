/// Products of features with constant weights; for images, a convolution of one pixel.
enum TFLiteProductReader: TFLiteOperatorReader {
  static let types = ["FULLY_CONNECTED"]

  static func read(_ call: TFLiteCall, into network: inout TFLiteTranslation) throws(ONNXRefusal) {
    guard try call.choice(.fullyConnected, 1) == 0 else {
      throw .because("weights in a shuffled order, expected plain rows")
    }
    let place = try network.storedWeight(call)
    let weight = network.tensor(place)
    let shape = try network.shape(call, 0)
    guard weight.shape.count == 2 else {
      throw .because("a weight of \(weight.shape), expected features and inputs")
    }
    try network.tellMixedTypes(call, weight)
    let activation = try call.activation(.fullyConnected, 0)
    let layer = network.layerName(place)
    guard try call.truth(.fullyConnected, 2), shape.count > 2 else {
      var features = try network.value(call, 0)
      if shape.count != 2 {
        let extents = network.store(integers: [0, weight.shape[1]])
        features = network.emit("Reshape", [features, extents], for: call)
      }
      let inputs = [features, try network.constant(place)] + (try network.bias(call))
      return try network.append(
        "Gemm", inputs, [.int("transB", 1)], for: call, activation: activation, layer: layer)
    }
    guard shape.count == 4 else {
      throw .because("it keeps the axes of \(shape), expected features or images")
    }
    let kernel = try network.constant(place, dims: weight.shape + [1, 1])
    let images = try network.images(call)
    try network.append(
      "Conv", [images, kernel] + (try network.bias(call)), for: call, activation: activation, areImages: true,
      layer: layer)
  }
}

/// Products with a constant matrix.
enum TFLiteMatrixReader: TFLiteOperatorReader {
  static let types = ["BATCH_MATMUL"]

  static func read(_ call: TFLiteCall, into network: inout TFLiteTranslation) throws(ONNXRefusal) {
    let place = try network.storedWeight(call)
    let shape = network.tensor(place).shape
    // A batch of one matrix is that matrix.
    guard shape.count >= 2, shape.dropLast(2).allSatisfy({ $0 == 1 }) else {
      throw .because("a second input of \(shape), expected one matrix")
    }
    guard try !call.truth(.batchMatMul, 0) else { throw .because("features in columns, expected rows") }
    let isTurned = try call.truth(.batchMatMul, 1)
    let axes = Array(shape.indices)
    let order = isTurned ? axes.dropLast(2) + [axes[axes.count - 1], axes[axes.count - 2]] : axes
    let matrix = try network.constant(place, order: order, dims: order.suffix(2).map { shape[$0] })
    try network.tellMixedTypes(call, network.tensor(place))
    try network.append("MatMul", [try network.value(call, 0), matrix], for: call)
  }
}
