import Tensors
import Graphs
import Ops

/// The mean over rows and columns.
enum MeanReader: ONNXNodeReader {
  static let types = ["ReduceMean"]

  static func read(_ node: ONNXNode, into network: inout ONNXNetworkBuilder) throws(ONNXRefusal) {
    let input = try network.made(node.input(0))
    let shape = network.shape(of: input)
    let axes = try network.axes(of: node, input: 1, rank: shape.rank)
    guard shape.rank == 4, axes?.sorted() == [2, 3] else {
      throw .because("axes \(axes ?? []) of \(shape), expected rows and columns of images")
    }
    guard try node.int("keepdims", default: 1) == 0 else {
      return try network.append(GlobalAveragePool(), for: node, inputs: [input])
    }
    let pooled = try network.append(
      GlobalAveragePool(), name: network.freshName(node.output + ".pool"), inputs: [input])
    try network.append(Flatten(), for: node, inputs: [pooled])
  }
}

extension ONNXNetworkBuilder {
  /// The axes that a node names, as an input or as an attribute, counted from the front; `nil` where it names none.
  mutating func axes(of node: ONNXNode, input position: Int, rank: Int) throws(ONNXRefusal) -> [Int]? {
    let axes: [Int]?
    if node.input(position) != nil {
      let constant = try requireConstant(node.input(position), "axes")
      guard let known = constant.knownIntegers, known.count <= 8 else {
        throw .because("axes that are no whole numbers")
      }
      axes = known
    } else {
      axes = try node.ints("axes")
    }
    guard let axes else { return nil }
    guard axes.count <= 8, axes.allSatisfy({ (-rank..<rank).contains($0) }) else {
      throw .because("axes \(axes.prefix(8)), expected at most \(rank)")
    }
    return axes.map { $0 < 0 ? $0 + rank : $0 }
  }
}
