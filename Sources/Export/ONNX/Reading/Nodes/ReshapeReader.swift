import Graphs
import Tensors

/// Reshapes to a constant shape whose first extent is the batch.
enum ReshapeReader: ONNXNodeReader {
  static let types = ["Reshape"]

  static func read(_ node: ONNXNode, into network: inout ONNXNetworkBuilder) throws(ONNXRefusal) {
    let target = try network.requireConstant(node.input(1), "shape")
    guard target.dims.count == 1, target.count <= 8, let extents = target.integers else {
      throw .because("a shape of \(target.dims), expected a list of extents")
    }
    guard try node.int("allowzero", default: 0) == 0 || !extents.contains(0) else {
      throw .because("allowzero with an extent of 0")
    }
    if let constant = try network.constant(node.input(0)) {
      return try network.setConstant(node.output, constant.reshaped(try resolved(extents, of: constant)))
    }
    if var norm = try network.pending(node.input(0), as: NormedGroups.self) {
      let item = try item(extents, of: Shape([1] + norm.view.extents), batch: network.batch)
      if let view = norm.view.reshaped(item) {
        norm.view = view
        return network.set(node.output, .pending(norm))
      }
    }
    let found = try network.viewed(node.input(0))
    let item = try item(extents, of: Shape([1] + found.view.extents), batch: network.batch)
    try network.setReshaped(node.output, found, to: item)
  }

  /// The extents of one image.
  ///
  /// The first extent must be the batch: a name, 0, -1, the batch that the file was written for, or 1 where
  /// it names none.
  private static func item(_ extents: [Int?], of shape: Shape, batch: Int?) throws(ONNXRefusal) -> [Int] {
    let words = "a shape of \(extents.map { $0.map(String.init) ?? "batch" }.joined(separator: "x"))"
    guard extents.count >= 2, extents.dropFirst().allSatisfy({ $0 != nil }) else {
      throw .because("\(words) for \(shape), expected the batch first and once")
    }
    let elements = shape.dimensions.dropFirst().reduce(1, *)
    var item: [Int] = []
    for (position, extent) in extents.enumerated().dropFirst() {
      guard let extent, extent >= -1, extent <= Graph.maximumElements else { throw .because(words) }
      guard extent != 0 || position < shape.rank else { throw .because("\(words) for \(shape)") }
      item.append(extent == 0 ? shape[position] : extent)
    }
    guard let known = Shape(item.filter { $0 != -1 }).count(upTo: Graph.maximumElements), known > 0 else {
      throw .because(words)
    }
    let free = item.filter { $0 == -1 }.count
    let isBatch =
      extents[0] == nil || extents[0] == 0 || extents[0] == batch ?? 1 || (extents[0] == -1 && free == 0)
    guard isBatch, free <= 1, free == 1 ? elements % known == 0 : elements == known else {
      throw .because("\(words) for \(shape), expected the batch to stay the first extent")
    }
    return item.map { $0 == -1 ? elements / known : $0 }
  }

  /// The extents of a constant in a new shape.
  private static func resolved(
    _ extents: [Int?], of constant: ONNXConstant
  ) throws(ONNXRefusal) -> [Int] {
    let known = extents.compactMap { $0 }.filter { $0 != -1 }
    let count = Shape(known).count(upTo: Graph.maximumElements) ?? 0
    guard extents.allSatisfy({ $0 != nil && ($0 ?? 0) != 0 }), known.allSatisfy({ $0 > 0 }), count > 0,
      constant.count % count == 0, known.count == extents.count ? count == constant.count : true,
      extents.count - known.count <= 1
    else { throw .because("a constant of \(constant.dims) under another shape that does not fit") }
    return extents.map { $0 == -1 ? constant.count / count : $0 ?? 1 }
  }
}
