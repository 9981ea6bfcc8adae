import Tensors

/// The extents of a value; the batch stays unknown.
enum ShapeReader: ONNXNodeReader {
  static let types = ["Shape"]

  static func read(_ node: ONNXNode, into network: inout ONNXNetworkBuilder) throws(ONNXRefusal) {
    var extents: [Int?]
    if let constant = try network.constant(node.input(0)) {
      extents = constant.dims
    } else {
      extents = [nil] + (try network.viewed(node.input(0)).view.extents)
    }
    let rank = extents.count
    func place(_ index: Int) -> Int { min(max(index < 0 ? max(index, -rank) + rank : index, 0), rank) }
    let start = place(try node.int("start", default: 0))
    let end = place(try node.int("end", default: rank))
    let part = start < end ? Array(extents[start..<end]) : []
    try network.setConstant(node.output, ONNXConstant(dims: [part.count], content: .integers(part)))
  }
}

/// Elements of a shape by their indices.
enum GatherReader: ONNXNodeReader {
  static let types = ["Gather"]

  static func read(_ node: ONNXNode, into network: inout ONNXNetworkBuilder) throws(ONNXRefusal) {
    let source = try network.requireConstant(node.input(0), "first input")
    guard let places = try network.requireConstant(node.input(1), "places").knownIntegers,
      source.dims.count == 1, try node.int("axis", default: 0) == 0, places.count <= 64,
      places.allSatisfy({ (-source.count..<source.count).contains($0) })
    else { throw .because("of anything but places of a shape") }
    let dims = try network.requireConstant(node.input(1), "places").dims
    let positions = places.map { $0 < 0 ? $0 + source.count : $0 }
    try network.setConstant(node.output, source.gathering(positions, dims: dims))
  }
}
