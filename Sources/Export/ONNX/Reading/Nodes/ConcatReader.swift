import Tensors
import Graphs
import Ops

/// Concatenates values along channels, or puts shapes together.
enum ConcatReader: ONNXNodeReader {
  static let types = ["Concat"]

  static func read(_ node: ONNXNode, into network: inout ONNXNetworkBuilder) throws(ONNXRefusal) {
    guard let axis = try node.int("axis") else { throw .because("axis is missing") }
    if try network.constant(node.input(0)) != nil { return try fold(node, axis: axis, &network) }
    guard node.inputs.count > 1 else { return network.set(node.output, try network.value(node.input(0))) }
    let aligned = try network.aligned(node.inputs)
    let rank = aligned.places.count
    let place = axis < 0 ? axis + rank : axis
    guard aligned.places.firstIndex(of: place) == 1 else {
      throw .because("axis \(axis), expected the channels")
    }
    let shapes = aligned.values.map { network.shape(of: $0) }
    let channels = shapes.reduce(0) { $0 + $1[1] }
    guard channels <= Graph.maximumElements else { throw .because("\(channels) channels") }
    try network.append(
      Concat(), for: node, inputs: aligned.values,
      view: try network.view(like: aligned.view, aligned.places, channels: channels))
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
