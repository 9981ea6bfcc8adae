import Graphs
import Ops
import Tensors

/// The reader of the node that `ONNXFusion` makes for `Prototypes`.
enum PrototypesReader: ONNXNodeReader {
  static let type = "Prototypes"
  static let types = [type]

  static func read(_ node: ONNXNode, into network: inout ONNXNetworkBuilder) throws(ONNXRefusal) {
    let points = try network.requireConstant(node.input(1), "prototypes")
    guard points.dims.count == 2, let values = points.tensor else {
      throw .because("prototypes of \(points.dims), expected a matrix of numbers")
    }
    let op = Prototypes(count: points.dims[0], rate: try node.float("rate", default: 1))
    let input = try network.made(node.input(0))
    guard network.shape(of: input).dimensions.dropFirst() == points.dims.dropFirst() else {
      throw .because("prototypes of \(points.dims) for features of \(network.shape(of: input))")
    }
    try network.append(
      op, for: node, inputs: [input],
      parameters: [.prototypes: Parameter(values, encoding: points.parameterEncoding)])
  }
}

/// The reader of the node that `ONNXFusion` makes for `TreeSum`.
enum TreeSumReader: ONNXNodeReader {
  static let type = "TreeSum"
  static let types = [type]

  static func read(_ node: ONNXNode, into network: inout ONNXNetworkBuilder) throws(ONNXRefusal) {
    let inputs = [try network.made(node.input(0)), try network.made(node.input(1))]
    try network.append(TreeSum(depth: try node.int("depth", default: 1)), for: node, inputs: inputs)
  }
}
