/// Convolutions, and depthwise ones whose filters read one channel each.
enum TFLiteConvolutionReader: TFLiteOperatorReader {
  static let types = ["CONV_2D", "DEPTHWISE_CONV_2D"]

  static func read(_ call: TFLiteCall, into network: inout TFLiteTranslation) throws(ONNXRefusal) {
    let isDepthwise = call.type == "DEPTHWISE_CONV_2D"
    let options: TFLiteOptions = isDepthwise ? .depthwise : .convolution
    let place = try network.storedWeight(call)
    let weight = network.tensor(place)
    let channels = try network.shape(call, 0).last ?? 0
    guard weight.shape.count == 4, weight.shape.allSatisfy({ $0 > 0 }), channels > 0 else {
      throw .because("a weight of \(weight.shape), expected filters, rows, columns and channels")
    }
    let groups: Int
    let kernel: String
    if isDepthwise {
      guard weight.shape[0] == 1, weight.shape[3].isMultiple(of: channels) else {
        throw .because(
          "a weight of \(weight.shape) for \(channels) channels, expected [1, rows, columns, filters]")
      }
      groups = channels
      kernel = try network.constant(
        place, order: [3, 0, 1, 2], dims: [weight.shape[3], 1, weight.shape[1], weight.shape[2]])
    } else {
      guard channels.isMultiple(of: weight.shape[3]) else {
        throw .because("a weight of \(weight.shape) for \(channels) channels")
      }
      groups = channels / weight.shape[3]
      kernel = try network.constant(place, order: [0, 3, 1, 2])
    }
    try network.tellMixedTypes(call, weight)
    if groups == 1, weight.shape[1...2].allSatisfy({ $0 == 1 }), try readFeatures(call, place, &network) {
      return
    }
    // The options are in the order padding, strides of columns and rows, activation; dilations are last.
    let activation = try call.activation(options, isDepthwise ? 4 : 3)
    let dilations = isDepthwise ? 5 : 4
    var attributes: [ONNXAttributeProto] = [
      .ints("strides", [try call.integer(options, 2), try call.integer(options, 1)]), .int("group", groups),
    ]
    let images: String
    if let pieces = network.spread(try call.requiredInput(0)) {
      attributes += try gathering(pieces, call, options, &network)
      images = network.turned(try network.value(of: pieces.source), [0, 3, 1, 2], for: call)
    } else {
      let steps = [
        try call.integer(options, dilations + 1, default: 1),
        try call.integer(options, dilations, default: 1),
      ]
      attributes += [try call.padding(options), .ints("dilations", steps)]
      images = try network.images(call)
    }
    try network.append(
      "Conv", [images, kernel] + (try network.bias(call)), attributes, for: call, activation: activation,
      areImages: true, layer: network.layerName(place))
  }

  /// The padding and dilation of a convolution on images in pieces, whose result is reassembled.
  private static func gathering(
    _ pieces: TFLiteTranslation.Spread, _ call: TFLiteCall, _ options: TFLiteOptions,
    _ network: inout TFLiteTranslation
  ) throws(ONNXRefusal) -> [ONNXAttributeProto] {
    guard let output = call.outputs.first, let whole = network.soleReader(of: output),
      whole.type == "BATCH_TO_SPACE_ND",
      try network.integers(whole, 1) == pieces.block, let crops = try network.integers(whole, 2),
      crops.count == 4,
      try call.choice(options, 0) == 1, try call.integer(options, 1) == 1, try call.integer(options, 2) == 1
    else { throw .because("of images in pieces that are not put together again") }
    network.setGathered(output)
    let pads = zip(pieces.pads, crops).map { $0 &- $1 }
    return [.ints("pads", [pads[0], pads[2], pads[1], pads[3]]), .ints("dilations", pieces.block)]
  }

  /// Reads a convolution of features that were made an image of one pixel as a product.
  private static func readFeatures(
    _ call: TFLiteCall, _ weight: Int, _ network: inout TFLiteTranslation
  ) throws(ONNXRefusal) -> Bool {
    let shape = try network.shape(call, 0)
    guard let input = call.input(0), network.soleSource(of: input, "RESHAPE") != nil,
      shape.dropFirst().dropLast().allSatisfy({ $0 == 1 })
    else { return false }
    let counts = network.tensor(weight).shape
    let extents = network.store(integers: [0, counts[3]])
    let features = network.emit("Reshape", [try network.value(call, 0), extents], for: call)
    let rows = try network.constant(weight, dims: [counts[0], counts[3]])
    try network.append(
      "Gemm", [features, rows] + (try network.bias(call)), [.int("transB", 1)], for: call,
      activation: try call.activation(.convolution, 3), layer: network.layerName(weight))
    try network.reshapeResult(of: call, to: [0, 1, 1, counts[0]])
    return true
  }
}

/// Images in pieces, as converters write dilated convolutions, and their reassembly.
enum TFLitePiecesReader: TFLiteOperatorReader {
  static let types = ["SPACE_TO_BATCH_ND", "BATCH_TO_SPACE_ND"]

  static func read(_ call: TFLiteCall, into network: inout TFLiteTranslation) throws(ONNXRefusal) {
    let place = try call.requiredInput(0)
    guard let output = call.outputs.first else { return }
    guard call.type == "SPACE_TO_BATCH_ND" else {
      guard network.isGathered(place) else { throw .because("of what no convolution read in pieces") }
      return network.handOn(try network.value(call, 0), for: call)
    }
    let block = try network.requiredIntegers(call, 1, "blocks")
    let pads = try network.requiredIntegers(call, 2, "paddings")
    guard block.count == 2, pads.count == 4, (block + pads).allSatisfy({ (0...1 << 16).contains($0) }),
      let reader = network.soleReader(of: output), ["CONV_2D", "DEPTHWISE_CONV_2D"].contains(reader.type)
    else { throw .because("of images that no convolution alone reads") }
    network.setSpread(output, .init(source: place, block: block, pads: pads))
  }
}

extension TFLiteTranslation {
  /// The index of the stored tensor that is a call's weight; throws for computed weights.
  func storedWeight(_ call: TFLiteCall) throws(ONNXRefusal) -> Int {
    guard let place = stored(call, 1) else { throw .because("its weight is computed, expected a constant") }
    return place
  }

  /// The bias of a layer from its third input; empty where there is none.
  mutating func bias(_ call: TFLiteCall) throws(ONNXRefusal) -> [String] {
    guard call.input(2) != nil else { return [] }
    guard let place = stored(call, 2) else { throw .because("its bias is computed, expected a constant") }
    return [try constant(place)]
  }

  /// The name of a layer from its weight's name, as the file names the result after the following activation.
  func layerName(_ weight: Int) -> String? {
    let name = name(weight)
    for suffix in [".weight", "/kernel"] where name.hasSuffix(suffix) {
      return String(name.dropLast(suffix.count))
    }
    guard let slash = name.lastIndex(of: "/"), slash != name.startIndex else { return nil }
    return String(name[..<slash])
  }

  /// Adds a note if weights are integers and values are floats: kernels quantize such values by the range of
  /// each image.
  mutating func tellMixedTypes(_ call: TFLiteCall, _ weight: TFLiteNetwork.Tensor) throws(ONNXRefusal) {
    // Weights after a `DEQUANTIZE` node are floats to the kernel as well.
    guard let place = call.input(1), isConstant(place), weight.grid != nil, weight.type?.isReal == false,
      try grid(of: try call.requiredInput(0)) == nil
    else { return }
    note(
      "quantizes values by the range that they have in each image; here they are floats, and results differ by such steps"
    )
  }
}

extension TFLiteCall {
  /// The padding of convolutions and pooling, which is their first option.
  func padding(_ kind: TFLiteOptions) throws(ONNXRefusal) -> ONNXAttributeProto {
    let number = try choice(kind, 0)
    guard (0...1).contains(number) else {
      throw .because("padding \(number), expected 0 (same) or 1 (valid)")
    }
    return .string("auto_pad", number == 0 ? "SAME_UPPER" : "VALID")
  }
}
