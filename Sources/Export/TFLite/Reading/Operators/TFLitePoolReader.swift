import Tensors

/// The largest or the mean number of each window.
enum TFLitePoolReader: TFLiteOperatorReader {
  static let types = ["MAX_POOL_2D", "AVERAGE_POOL_2D"]

  static func read(_ call: TFLiteCall, into network: inout TFLiteTranslation) throws(ONNXRefusal) {
    let isMaximum = call.type == "MAX_POOL_2D"
    var images = try network.images(call)
    var padding = try call.padding(.pool)
    if isMaximum, try call.choice(.pool, 0) == 1, let place = call.input(0),
      let padded = network.soleSource(of: place, "PADV2"),
      let sides = try TFLitePadReader.leastSides(padded, &network)
    {
      // Windows that reach beyond the image: the outside is the least number.
      images = try network.images(padded)
      padding = .ints("pads", [sides[1], sides[2], sides[5], sides[6]])
    }
    let attributes: [ONNXAttributeProto] = [
      padding, .ints("strides", [try call.integer(.pool, 2), try call.integer(.pool, 1)]),
      .ints("kernel_shape", [try call.integer(.pool, 4), try call.integer(.pool, 3)]),
    ]
    try network.append(
      isMaximum ? "MaxPool" : "AveragePool", [images], attributes, for: call,
      activation: try call.activation(.pool, 5), areImages: true, isMoving: isMaximum)
  }
}

/// The mean or the largest number over some axes.
enum TFLiteMeanReader: TFLiteOperatorReader {
  static let types = ["MEAN", "REDUCE_MAX"]

  static func read(_ call: TFLiteCall, into network: inout TFLiteTranslation) throws(ONNXRefusal) {
    let axes = try network.requiredIntegers(call, 1, "axes")
    let isKept = try call.truth(.reducer, 0)
    let isMaximum = call.type == "REDUCE_MAX"
    try network.append(
      isMaximum ? "ReduceMax" : "ReduceMean", [try network.value(call, 0)],
      [.ints("axes", axes), .int("keepdims", isKept ? 1 : 0)], for: call, isMoving: isMaximum)
  }
}
