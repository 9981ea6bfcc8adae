import Graphs
import Ops
import Tensors

/// Images as features.
enum FlattenReader: ONNXNodeReader {
  static let types = ["Flatten"]

  static func read(_ node: ONNXNode, into network: inout ONNXNetworkBuilder) throws(ONNXRefusal) {
    let found = try network.viewed(node.input(0))
    let axis = try node.int("axis", default: 1)
    // Channels moved last, then features: these are the rows of a detector's anchors, which the file's
    // metadata hold.
    let shape = network.shape(of: found.value)
    if axis == 1, shape.rank == 4, let anchors = network.anchors[node.output],
      found.view == ONNXView(of: shape).transposed([0, 2, 3, 1])
    {
      return try network.append(AnchorRows(anchors: anchors), for: node, inputs: [found.value])
    }
    let rank = found.view.extents.count + 1
    guard (axis < 0 ? axis + rank : axis) == 1 else {
      throw .because("axis \(axis), expected 1, which keeps the batch")
    }
    try network.setReshaped(node.output, found, to: [found.view.extents.reduce(1, *)])
  }
}

/// Removes or inserts axes of one element.
enum SqueezeReader: ONNXNodeReader {
  static let types = ["Squeeze", "Unsqueeze"]

  static func read(_ node: ONNXNode, into network: inout ONNXNetworkBuilder) throws(ONNXRefusal) {
    let isSqueeze = node.type == "Squeeze"
    if let constant = try network.constant(node.input(0)) {
      return try fold(node, constant, isSqueeze, &network)
    }
    let found = try network.viewed(node.input(0))
    var extents = [1] + found.view.extents
    if isSqueeze {
      let axes =
        try network.axes(of: node, input: 1, rank: extents.count)
        ?? extents.indices.dropFirst().filter { extents[$0] == 1 }
      guard axes.allSatisfy({ $0 > 0 && extents[$0] == 1 }) else {
        throw .because("axes \(axes) of \(Shape(extents)), expected axes of one element behind the batch")
      }
      extents = extents.indices.filter { !axes.contains($0) }.map { extents[$0] }
    } else {
      extents = try unsqueezed(node, extents, &network)
      guard extents.first == 1, try !added(node, extents.count, &network).contains(0) else {
        throw .because("an axis before the batch, expected the batch first")
      }
    }
    try network.setReshaped(node.output, found, to: Array(extents.dropFirst()))
  }

  /// The axes that `Unsqueeze` inserts, as indices in the result.
  private static func added(
    _ node: ONNXNode, _ rank: Int, _ network: inout ONNXNetworkBuilder
  ) throws(ONNXRefusal) -> [Int] {
    try network.axes(of: node, input: 1, rank: rank) ?? []
  }

  /// The extents with inserted axes of one element.
  private static func unsqueezed(
    _ node: ONNXNode, _ extents: [Int], _ network: inout ONNXNetworkBuilder
  ) throws(ONNXRefusal) -> [Int] {
    let count = try network.axes(of: node, input: 1, rank: 16)?.count ?? 0
    let rank = extents.count + count
    guard count > 0, rank <= 8 else { throw .because("\(count) axes more of \(extents.count)") }
    let axes = Set(try added(node, rank, &network))
    guard axes.count == count else { throw .because("an axis twice") }
    var left = extents[...]
    return (0..<rank).map { axes.contains($0) ? 1 : left.popFirst() ?? 1 }
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
      dims = try unsqueezed(node, dims, &network)
    }
    try network.setConstant(node.output, constant.reshaped(dims))
  }
}

extension ONNXNetworkBuilder {
  /// Sets a name to a value with other extents.
  ///
  /// If no view can split an axis so, the value is made in the file's order and reshaped.
  mutating func setReshaped(
    _ name: String, _ found: ViewedValue, to extents: [Int]
  ) throws(ONNXRefusal) {
    if let view = found.view.reshaped(extents) { return set(name, found.value, view) }
    let isAsItIs = found.view.isIdentity(of: shape(of: found.value))
    let value = isAsItIs ? found.value : try found.made(freshName(name + ".ordered"), in: &self)
    set(name, .made(try append(Reshape(shape: extents), name: freshName(name), inputs: [value])))
  }
}
