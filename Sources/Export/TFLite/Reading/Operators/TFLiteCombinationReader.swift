/// Sums, products, differences and quotients of two values, element by element.
enum TFLiteCombinationReader: TFLiteOperatorReader {
  static let types = ["ADD", "MUL", "SUB", "DIV"]

  private static let kinds: [String: (node: String, options: TFLiteOptions)] = [
    "ADD": ("Add", .add), "MUL": ("Mul", .multiply), "SUB": ("Sub", .subtract), "DIV": ("Div", .divide),
  ]

  static func read(_ call: TFLiteCall, into network: inout TFLiteTranslation) throws(ONNXRefusal) {
    guard let kind = kinds[call.type] else { return }
    let inputs = [try network.value(call, 0), try network.value(call, 1)]
    try network.append(
      kind.node, inputs, for: call, activation: try call.activation(kind.options, 0))
  }
}

/// Concatenates values along an axis, or extents of a shape.
enum TFLiteConcatReader: TFLiteOperatorReader {
  static let types = ["CONCATENATION"]

  static func read(_ call: TFLiteCall, into network: inout TFLiteTranslation) throws(ONNXRefusal) {
    var inputs: [String] = []
    for position in call.inputs.indices { inputs.append(try network.value(call, position)) }
    guard !inputs.isEmpty else { throw .because("of nothing") }
    let axis = try call.integer(.concatenation, 0)
    try network.append(
      "Concat", inputs, [.int("axis", axis)], for: call, activation: try call.activation(.concatenation, 1))
  }
}
