import Tensors
import Graphs
import Ops

/// Channels of several values in a row, or shapes put together.
enum ConcatReader: ONNXNodeReader {
  static let types = ["Concat"]

  static func read(_ node: ONNXNode, into network: inout ONNXNetworkBuilder) throws(ONNXRefusal) {
    guard let axis = try node.int("axis") else { throw .because("axis is missing") }
    if try network.constant(node.input(0)) != nil { return try fold(node, axis: axis, &network) }
    var inputs: [String] = []
    for name in node.inputs { inputs.append(try network.made(name)) }
    let rank = network.shape(of: inputs.first ?? "").rank
    guard (axis < 0 ? axis + rank : axis) == 1 else {
      throw .because("axis \(axis), expected the channels")
    }
    guard inputs.count > 1 else { return network.set(node.output, .made(inputs[0])) }
    try network.append(Concat(), for: node, inputs: inputs)
  }

  private static func fold(
    _ node: ONNXNode, axis: Int, _ network: inout ONNXNetworkBuilder
  ) throws(ONNXRefusal) {
    var integers: [Int?] = []
    var floats: [Float] = []
    for name in node.inputs {
      let constant = try network.requireConstant(name, "input")
      guard constant.dims.count == 1, axis == 0 || axis == -1, constant.count <= 64 else {
        throw .because("of constants that are no shapes")
      }
      switch constant.content {
      case .integers(let values): integers += values
      case .floats(let values): floats += values
      }
    }
    guard integers.isEmpty || floats.isEmpty else { throw .because("of numbers of different types") }
    try network.setConstant(
      node.output,
      ONNXConstant(
        dims: [integers.count + floats.count],
        content: floats.isEmpty ? .integers(integers) : .floats(floats)))
  }
}
