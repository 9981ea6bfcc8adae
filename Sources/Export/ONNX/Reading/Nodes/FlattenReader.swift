import Tensors
import Graphs
import Ops

/// Images as features.
enum FlattenReader: ONNXNodeReader {
  static let types = ["Flatten"]

  static func read(_ node: ONNXNode, into network: inout ONNXNetworkBuilder) throws(ONNXRefusal) {
    let input = try network.made(node.input(0))
    let axis = try node.int("axis", default: 1)
    let rank = network.shape(of: input).rank
    guard (axis < 0 ? axis + rank : axis) == 1 else {
      throw .because("axis \(axis), expected 1, which keeps the batch")
    }
    guard rank > 2 else { return network.set(node.output, .made(input)) }
    try network.append(Flatten(), for: node, inputs: [input])
  }
}

/// Axes of one element that are left out or put in: features of images of one pixel, or shapes.
enum SqueezeReader: ONNXNodeReader {
  static let types = ["Squeeze", "Unsqueeze"]

  static func read(_ node: ONNXNode, into network: inout ONNXNetworkBuilder) throws(ONNXRefusal) {
    let isSqueeze = node.type == "Squeeze"
    if let constant = try network.constant(node.input(0)) {
      return try fold(node, constant, isSqueeze, &network)
    }
    let input = try network.made(node.input(0))
    let shape = network.shape(of: input)
    let added = isSqueeze ? 0 : 8
    let axes = try network.axes(of: node, input: 1, rank: shape.rank + added)?.sorted() ?? []
    if isSqueeze, shape.rank == 4, axes == [2, 3], shape[2] == 1, shape[3] == 1 {
      return try network.append(Flatten(), for: node, inputs: [input])
    }
    if !isSqueeze, shape.rank == 2, axes == [2, 3] {
      return try network.append(Reshape(shape: [shape[1], 1, 1]), for: node, inputs: [input])
    }
    throw .because("axes \(axes) of \(shape); rows and columns of one pixel are supported")
  }

  private static func fold(
    _ node: ONNXNode, _ constant: ONNXConstant, _ isSqueeze: Bool, _ network: inout ONNXNetworkBuilder
  ) throws(ONNXRefusal) {
    var dims = constant.dims
    if isSqueeze {
      let axes =
        try network.axes(of: node, input: 1, rank: dims.count) ?? dims.indices.filter { dims[$0] == 1 }
      guard axes.allSatisfy({ dims[$0] == 1 }) else { throw .because("axes \(axes) of \(dims)") }
      dims = dims.indices.filter { !axes.contains($0) }.map { dims[$0] }
    } else {
      let count = try network.axes(of: node, input: 1, rank: 16)?.count ?? 0
      guard dims.count <= 1, count == 1 else { throw .because("of a constant of \(dims)") }
      dims = dims.isEmpty ? [1] : [1] + dims
    }
    try network.setConstant(node.output, constant.reshaped(dims))
  }
}
