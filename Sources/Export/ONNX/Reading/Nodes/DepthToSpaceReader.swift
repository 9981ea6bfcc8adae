import Graphs

/// Moves channels to rows and columns, or rows and columns to channels.
enum DepthToSpaceReader: ONNXNodeReader {
  static let types = ["DepthToSpace", "SpaceToDepth"]

  static func read(_ node: ONNXNode, into network: inout ONNXNetworkBuilder) throws(ONNXRefusal) {
    let size = try node.int("blocksize", default: 0)
    let source = try network.viewed(node.input(0))
    let extents = source.view.extents
    guard extents.count == 3, (1...64).contains(size) else {
      throw .because(
        "blocks of \(size) of \(([1] + extents).map(String.init).joined(separator: "x")), expected images")
    }
    let (channels, rows, columns) = (extents[0], extents[1], extents[2])
    let isToSpace = node.type == "DepthToSpace"
    guard isToSpace ? channels % (size * size) == 0 : rows % size == 0 && columns % size == 0 else {
      throw .because("blocks of \(size) do not divide \(channels)x\(rows)x\(columns)")
    }
    let (split, order, item): ([Int], [Int], [Int])
    if isToSpace {
      let left = channels / (size * size)
      // By default the index of the block varies slowest among the channels.
      let mode = try node.string("mode", default: "DCR")
      guard ["DCR", "CRD"].contains(mode) else { throw .because("mode \(mode), expected DCR or CRD") }
      let isBlocksFirst = mode == "DCR"
      split = (isBlocksFirst ? [size, size, left] : [left, size, size]) + [rows, columns]
      order = isBlocksFirst ? [0, 3, 4, 1, 5, 2] : [0, 1, 4, 2, 5, 3]
      item = [left, rows * size, columns * size]
    } else {
      split = [channels, rows / size, size, columns / size, size]
      order = [0, 3, 5, 1, 2, 4]
      item = [channels * size * size, rows / size, columns / size]
    }
    var view = source
    if view.view.reshaped(split) == nil {
      view = ViewedValue(named: try network.made(node.input(0)), in: network)
    }
    guard let turned = view.view.reshaped(split)?.transposed(order) else {
      throw .because("of axes that are cut otherwise")
    }
    try network.setReshaped(node.output, ViewedValue(value: view.value, view: turned), to: item)
  }
}
