/// Activations of one value.
enum TFLiteActivationReader: TFLiteOperatorReader {
  static let types = [
    "RELU", "RELU6", "RELU_N1_TO_1", "RELU_0_TO_1", "LOGISTIC", "TANH", "ELU", "GELU", "HARD_SWISH",
    "LEAKY_RELU", "PRELU", "NEG",
  ]

  static func read(_ call: TFLiteCall, into network: inout TFLiteTranslation) throws(ONNXRefusal) {
    let input = try network.value(call, 0)
    switch call.type {
    case "RELU": try network.append("Relu", [input], for: call)
    case "RELU6": try network.append("Clip", [input], [.float("min", 0), .float("max", 6)], for: call)
    case "RELU_N1_TO_1":
      try network.append("Clip", [input], [.float("min", -1), .float("max", 1)], for: call)
    case "RELU_0_TO_1": try network.append("Clip", [input], [.float("min", 0), .float("max", 1)], for: call)
    case "LOGISTIC": try network.append("Sigmoid", [input], for: call)
    case "TANH": try network.append("Tanh", [input], for: call)
    case "ELU": try network.append("Elu", [input], for: call)
    case "GELU":
      let form = try call.truth(.gelu, 0) ? "tanh" : "none"
      try network.append("Gelu", [input], [.string("approximate", form)], for: call)
    case "HARD_SWISH": try network.append("HardSwish", [input], for: call)
    case "LEAKY_RELU":
      let slope = try call.real(.leakyRelu, 0)
      try network.append("LeakyRelu", [input], [.float("alpha", slope)], for: call)
    case "PRELU": try network.append("PRelu", [input, try network.value(call, 1)], for: call)
    default: try network.append("Neg", [input], for: call)
    }
  }
}

/// The maximum or the minimum of a value and a number; both in a row are a clamp.
enum TFLiteBoundReader: TFLiteOperatorReader {
  static let types = ["MAXIMUM", "MINIMUM"]

  static func read(_ call: TFLiteCall, into network: inout TFLiteTranslation) throws(ONNXRefusal) {
    let (value, bound) = try sides(of: call, network)
    let isUpper = call.type == "MINIMUM"
    var attributes: [ONNXAttributeProto] = [.float(isUpper ? "max" : "min", bound)]
    var input = value
    if isUpper, let raised = network.soleSource(of: value, "MAXIMUM"), try network.grid(of: value) == nil {
      let (source, lower) = try sides(of: raised, network)
      input = source
      attributes.append(.float("min", lower))
    }
    try network.append("Clip", [try network.value(of: input)], attributes, for: call)
  }

  private static func sides(
    of call: TFLiteCall, _ network: TFLiteTranslation
  ) throws(ONNXRefusal) -> (value: Int, bound: Float) {
    for position in 0...1 {
      if let bound = try network.number(call, position) {
        return (try call.requiredInput(1 - position), bound)
      }
    }
    throw .because("of two values; a value and a constant number are supported")
  }
}

/// Softmax over the last axis, and its logarithm.
enum TFLiteSoftmaxReader: TFLiteOperatorReader {
  static let types = ["SOFTMAX", "LOG_SOFTMAX"]

  static func read(_ call: TFLiteCall, into network: inout TFLiteTranslation) throws(ONNXRefusal) {
    let isLogarithm = call.type == "LOG_SOFTMAX"
    if !isLogarithm {
      let beta = try call.real(.softmax, 0)
      guard beta == 1 else { throw .because("a factor of \(beta), expected 1") }
    }
    guard isLogarithm else {
      return try network.append("Softmax", [try network.value(call, 0)], [.int("axis", -1)], for: call)
    }
    // A softmax at the network's end is removed: its inputs are the scores, whatever the grid of the
    // logarithms is.
    network.handOn(
      network.emit("LogSoftmax", [try network.value(call, 0)], [.int("axis", -1)], for: call), for: call)
  }
}
