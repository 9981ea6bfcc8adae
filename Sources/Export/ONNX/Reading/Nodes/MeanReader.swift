import Graphs
import Ops
import Tensors

/// The mean or the largest number over rows, columns or both.
enum MeanReader: ONNXNodeReader {
  static let types = ["ReduceMean", "ReduceMax"]

  static func read(_ node: ONNXNode, into network: inout ONNXNetworkBuilder) throws(ONNXRefusal) {
    let source = try network.viewed(node.input(0))
    let rank = source.view.axes.count + 1
    let named = try network.axes(of: node, input: 1, rank: rank)
    let isKept = try node.int("keepdims", default: 1) != 0
    var axes: Set<Int> = []
    guard let named,
      let view = source.view.reducing(
        Set(named), of: network.shape(of: source.value), keeping: isKept, left: &axes)
    else {
      throw .because(
        "axes \(named ?? []) of \(Shape([1] + source.view.extents)), expected rows and columns of images")
    }
    let name = isKept ? node.output : node.output + ".pool"
    network.set(node.output, try pool(node, source.value, name, axes, &network), view)
  }

  private static func pool(
    _ node: ONNXNode, _ input: String, _ name: String, _ axes: Set<Int>, _ network: inout ONNXNetworkBuilder
  ) throws(ONNXRefusal) -> String {
    let shape = network.shape(of: input)
    guard !axes.isEmpty else { return input }
    let kernel = Extent(axes.contains(2) ? shape[2] : 1, axes.contains(3) ? shape[3] : 1)
    let mean: any Op =
      kernel == Extent(shape[2], shape[3]) ? GlobalAveragePool() : AveragePool(kernel: kernel)
    let op: any Op = node.type == "ReduceMax" ? MaxPool(kernel: kernel) : mean
    return try network.append(op, name: network.freshName(name), inputs: [input])
  }
}

extension ONNXNetworkBuilder {
  /// The axes that a node names in an input or an attribute, as indices from 0; `nil` where it names none.
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
