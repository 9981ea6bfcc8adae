import Encodings
import Tensors

/// Reorders the axes of a value, which a later node may undo, or of a constant.
enum TransposeReader: ONNXNodeReader {
  static let types = ["Transpose"]

  static func read(_ node: ONNXNode, into network: inout ONNXNetworkBuilder) throws(ONNXRefusal) {
    let given = try node.ints("perm")
    if let constant = try network.constant(node.input(0)) {
      let order = given ?? Array(constant.dims.indices.reversed())
      return try network.setConstant(node.output, try constant.transposed(order))
    }
    if let padded = try network.pending(node.input(0), as: PaddedImage.self) {
      let order = given ?? [3, 2, 1, 0]
      guard order.sorted() == [0, 1, 2, 3], order[0] == 0 else { throw .because("perm \(order)") }
      let turned = PaddedImage(
        value: padded.value, padding: padded.padding, order: order.map { padded.order[$0] })
      return network.set(node.output, .pending(turned))
    }
    let found = try network.viewed(node.input(0))
    let order = given ?? Array((0...found.view.extents.count).reversed())
    guard let view = found.view.transposed(order) else {
      throw .because(
        "perm \(order) of \(found.view.extents.count + 1) axes, expected all of them and the batch first")
    }
    network.set(node.output, found.value, view)
  }
}

extension ONNXConstant {
  /// The elements with their axes in another order; a grid with one scale remains.
  func transposed(_ order: [Int]) throws(ONNXRefusal) -> ONNXConstant {
    guard order.sorted() == Array(dims.indices) else {
      throw .because("perm \(order) of a constant of \(dims)")
    }
    guard order != Array(dims.indices) else { return self }
    var steps = Array(repeating: 1, count: dims.count)
    for axis in dims.indices.dropLast().reversed() { steps[axis] = steps[axis + 1] * dims[axis + 1] }
    var positions = [0]
    positions.reserveCapacity(count)
    for axis in order {
      positions = positions.flatMap { place in (0..<dims[axis]).map { place + $0 * steps[axis] } }
    }
    var turned = gathering(positions, dims: order.map { dims[$0] })
    turned.encoding = encoding.flatMap { $0.scales.count == 1 ? $0 : nil }
    return turned
  }
}
