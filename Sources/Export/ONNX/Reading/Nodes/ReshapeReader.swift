import Graphs
import Ops
import Tensors

/// The same elements under a constant shape of which the first extent is the batch.
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
    if let shuffled = try network.pending(node.input(0), as: ShuffledChannels.self) {
      let shape = network.shape(of: shuffled.value)
      guard try item(extents, of: shape) == Array(shape.dimensions.dropFirst()) else {
        throw .because("a Transpose of channel groups that are not put together again")
      }
      return try network.append(
        ChannelShuffle(groups: shuffled.groups), for: node, inputs: [shuffled.value])
    }
    try reshape(node, extents, &network)
  }

  private static func reshape(
    _ node: ONNXNode, _ extents: [Int?], _ network: inout ONNXNetworkBuilder
  ) throws(ONNXRefusal) {
    let input = try network.made(node.input(0))
    let shape = network.shape(of: input)
    let item = try item(extents, of: shape)
    if item == Array(shape.dimensions.dropFirst()) {
      network.set(node.output, .made(input))
    } else if item.count == 1 {
      try network.append(Flatten(), for: node, inputs: [input])
    } else if item.count == shape.rank, item[0] * item[1] == shape[1],
      item.dropFirst(2).elementsEqual(shape.dimensions.dropFirst(2))
    {
      network.set(node.output, .pending(GroupedChannels(value: input, groups: item[0], shape: item)))
    } else {
      let isOpen = extents.dropFirst().contains(-1) && !extents.dropFirst().contains(0)
      let given = isOpen ? extents.dropFirst().compactMap { $0 } : item
      try network.append(Reshape(shape: given), for: node, inputs: [input])
    }
  }

  /// The extents of one item; the first extent must be the batch, as a name, 0, -1, or the 1 of a file for one image.
  private static func item(_ extents: [Int?], of shape: Shape) throws(ONNXRefusal) -> [Int] {
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
    let isBatch = extents[0] == nil || extents[0] == 0 || extents[0] == 1 || (extents[0] == -1 && free == 0)
    guard isBatch, free <= 1, free == 1 ? elements % known == 0 : elements == known else {
      throw .because("\(words) for \(shape), expected the batch to stay the first extent")
    }
    return item.map { $0 == -1 ? elements / known : $0 }
  }

  /// The extents of a constant under a new shape.
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

/// Channels on two axes, groups and members, as the first step of a shuffle.
struct GroupedChannels: ONNXPending {
  let value: String
  let groups: Int
  /// The extents of an item under the new shape.
  let shape: [Int]

  func made(_ name: String, in network: inout ONNXNetworkBuilder) throws(ONNXRefusal) -> String {
    try network.append(Reshape(shape: shape), name: name, inputs: [value])
  }
}

/// Channels whose groups and members have changed places, as the second step of a shuffle.
struct ShuffledChannels: ONNXPending {
  let value: String
  let groups: Int

  func made(_ name: String, in network: inout ONNXNetworkBuilder) throws(ONNXRefusal) -> String {
    throw .because("it reads a Transpose of channel groups that are not put together again")
  }
}
