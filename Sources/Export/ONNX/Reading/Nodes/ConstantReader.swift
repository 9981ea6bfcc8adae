import Tensors

/// Constants among the nodes.
enum ConstantReader: ONNXNodeReader {
  static let types = ["Constant", "ConstantOfShape"]

  /// The largest number of elements of a constant that is made of a shape.
  private static let maximumElements = 1 << 16

  static func read(_ node: ONNXNode, into network: inout ONNXNetworkBuilder) throws(ONNXRefusal) {
    let constant =
      node.type == "Constant" ? try constant(of: node, &network) : try filled(node, &network)
    try network.setConstant(node.output, constant)
  }

  private static func constant(
    of node: ONNXNode, _ network: inout ONNXNetworkBuilder
  ) throws(ONNXRefusal) -> ONNXConstant {
    if let tensor = try node.tensor("value") { return try network.decoded(tensor) }
    if node.has("value_float") {
      return ONNXConstant(dims: [], content: .floats([try node.float("value_float", default: 0)]))
    }
    if let value = try node.int("value_int") { return ONNXConstant(dims: [], content: .integers([value])) }
    if let values = try node.floats("value_floats") {
      return ONNXConstant(dims: [values.count], content: .floats(values))
    }
    if let values = try node.ints("value_ints") {
      return ONNXConstant(dims: [values.count], content: .integers(values))
    }
    throw .because("a constant that is no tensor of numbers")
  }

  private static func filled(
    _ node: ONNXNode, _ network: inout ONNXNetworkBuilder
  ) throws(ONNXRefusal) -> ONNXConstant {
    let shape = try network.requireConstant(node.input(0), "shape")
    guard let dims = shape.knownIntegers, dims.count <= 8, dims.allSatisfy({ $0 >= 0 }),
      let count = Shape(dims).count(upTo: maximumElements)
    else { throw .because("a shape that is not known, or of more than \(maximumElements) elements") }
    let fill = try node.tensor("value").map { tensor throws(ONNXRefusal) in try network.decoded(tensor) }
    if case .integers(let values)? = fill?.content, let value = values.first {
      return ONNXConstant(dims: dims, content: .integers(Array(repeating: value, count: count)))
    }
    return ONNXConstant(
      dims: dims, content: .floats(Array(repeating: fill?.floats?.first ?? 0, count: count)))
  }
}
