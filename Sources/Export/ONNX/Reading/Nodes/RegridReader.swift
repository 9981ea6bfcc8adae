import Ops

/// Other integers for the same numbers, as a clamp to the ends of their grid.
///
/// The node is Condense's own; readers of other formats write it.
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
  /// The domain of Condense's own nodes.
  static let ownDomain = "condense"
  /// The type of the node that moves numbers to another grid.
  static let regridded = "Regrid"
}
