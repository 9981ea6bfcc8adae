import Ops

/// Other integers for the same numbers: a clamp between the ends of their grid. The node is Condense's own, which readers of other
/// formats write.
enum RegridReader: ONNXNodeReader {
  static let types = ["\(ONNXNode.ownDomain).\(ONNXNode.regridded)"]

  static func read(_ node: ONNXNode, into network: inout ONNXNetworkBuilder) throws(ONNXRefusal) {
    let input = try network.viewed(node.input(0))
    let (lower, upper) = (try node.float("min", default: 0), try node.float("max", default: 0))
    guard lower <= 0, upper >= 0, lower < upper, max(-lower, upper) < Clamp.maximumBound else {
      throw .because("a grid between \(lower) and \(upper)")
    }
    try network.append(Clamp(below: -lower, above: upper), for: node, inputs: [input.value], view: input.view)
  }
}

extension ONNXNode {
  /// The domain of nodes that are Condense's own.
  static let ownDomain = "condense"
  /// The node that puts numbers on another grid.
  static let regridded = "Regrid"
}
