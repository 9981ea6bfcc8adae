import Tensors

/// An op that lays out a detector's output as one row of numbers for each anchor.
public protocol DetectorRows: Op {
  /// The number of anchors at each place.
  var count: Int { get }
}

extension Graph {
  /// The nodes whose anchor rows a value concatenates, in order; `nil` if it is made of anything else.
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

  /// The number of anchors in some rows.
  public func anchorCount(of rows: [Node]) -> Int {
    rows.reduce(0) { sum, node in
      let plane = inputShapes(of: node).first?.dimensions.dropFirst(2).reduce(1, *) ?? 0
      return sum + plane * ((node.op as? any DetectorRows)?.count ?? 0)
    }
  }

  /// The number of classes that the network tells apart; `nil` if the first output holds no scores.
  ///
  /// A classifier has one score for each class. A detector has one for each anchor and class, and one for
  /// each anchor's background.
  public var classCount: Int? {
    guard let output = outputs.first, let shape = shape(of: output), shape.rank == 2 else { return nil }
    guard let rows = anchorRows(behind: output) else { return shape[1] }
    let anchors = anchorCount(of: rows)
    guard anchors > 0, shape[1].isMultiple(of: anchors) else { return nil }
    return shape[1] / anchors - 1
  }
}
