import Tensors

/// An op that makes of what is said at every place of an image one row of numbers for each anchor of a detector.
public protocol DetectorRows: Op {
  /// Anchors at each place.
  var count: Int { get }
}

extension Graph {
  /// The nodes whose rows of anchors a value strings together, in their order; `nil` for a value that is made of anything else.
  public func anchorRows(behind value: String) -> [Node]? {
    guard let node = node(named: value) else { return nil }
    if node.op is any DetectorRows { return [node] }
    guard shape(of: value)?.rank == 2 else { return nil }
    var rows: [Node] = []
    for input in node.inputs {
      guard let behind = anchorRows(behind: input) else { return nil }
      rows += behind
    }
    return rows
  }

  /// How many anchors some rows are of.
  public func anchorCount(of rows: [Node]) -> Int {
    rows.reduce(0) { sum, node in
      let plane = inputShapes(of: node).first?.dimensions.dropFirst(2).reduce(1, *) ?? 0
      return sum + plane * ((node.op as? any DetectorRows)?.count ?? 0)
    }
  }

  /// How many classes the network tells apart: one score a class, or a score for each anchor and class beside that of the background;
  /// `nil` where the first output is neither.
  public var classCount: Int? {
    guard let output = outputs.first, let shape = shape(of: output), shape.rank == 2 else { return nil }
    guard let rows = anchorRows(behind: output) else { return shape[1] }
    let anchors = anchorCount(of: rows)
    guard anchors > 0, shape[1].isMultiple(of: anchors) else { return nil }
    return shape[1] / anchors - 1
  }
}
