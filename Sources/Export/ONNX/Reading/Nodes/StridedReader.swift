import Tensors

/// Elements of a batch by their positions in flattened order, as PyTorch's exporter writes `as_strided`.
///
/// The nodes are `Gather(Reshape(x, -1), n · step + offsets)`, with n from a `Range` over the batch. Where
/// the positions are those of the elements in their order, this is a reshape.
enum StridedReader: ONNXNodeReader {
  static let types = ["Range"]

  /// The largest number of elements of an image whose positions are computed.
  private static let maximumElements = 1 << 20
  /// The range of positions and of their factors.
  private static let reach = -(1 << 31)...(1 << 31)

  /// Reads the indices of a batch's images.
  static func read(_ node: ONNXNode, into network: inout ONNXNetworkBuilder) throws(ONNXRefusal) {
    let start = try network.requireConstant(node.input(0), "start").knownIntegers
    let limit = try network.requireConstant(node.input(1), "limit").integers
    let delta = try network.requireConstant(node.input(2), "delta").knownIntegers
    guard start == [0], delta == [1], limit == [nil] else {
      throw .because("of anything but the numbers of a batch's images")
    }
    network.set(node.output, .pending(BatchPlaces(step: 1, extents: [], offsets: [0])))
  }

  /// Reads a node that computes such positions or takes elements by them; returns `false` for other nodes.
  static func reads(_ node: ONNXNode, _ network: inout ONNXNetworkBuilder) throws(ONNXRefusal) -> Bool {
    guard ["Reshape", "Unsqueeze", "Mul", "Add", "Gather"].contains(node.type) else { return false }
    if node.type == "Reshape" {
      guard try network.constant(node.input(1))?.knownIntegers == [-1],
        try network.constant(node.input(0)) == nil
      else { return false }
      network.set(node.output, .pending(BatchRow(source: try network.viewed(node.input(0)))))
      return true
    }
    if node.type == "Gather", let row = try network.pending(node.input(0), as: BatchRow.self) {
      try take(row, node, &network)
      return true
    }
    for (position, other) in [(0, 1), (1, 0)] where node.input(position) != nil {
      guard let places = try network.pending(node.input(position), as: BatchPlaces.self) else { continue }
      network.set(node.output, .pending(try changed(places, by: node, other, &network)))
      return true
    }
    return false
  }

  private static func changed(
    _ places: BatchPlaces, by node: ONNXNode, _ other: Int, _ network: inout ONNXNetworkBuilder
  ) throws(ONNXRefusal) -> BatchPlaces {
    if node.type == "Unsqueeze" {
      let count = try network.axes(of: node, input: 1, rank: 16)?.count ?? 0
      let rank = 1 + places.extents.count + count
      let axes = Set(try network.axes(of: node, input: 1, rank: rank) ?? [])
      guard count > 0, rank <= 8, axes.count == count, !axes.contains(0) else {
        throw .because("axes of the numbers of images that do not stand behind them")
      }
      var left = places.extents[...]
      let extents = (1..<rank).map { axes.contains($0) ? 1 : left.popFirst() ?? 1 }
      return BatchPlaces(step: places.step, extents: extents, offsets: places.offsets)
    }
    let constant = try network.requireConstant(node.input(other), "other input")
    guard let numbers = constant.knownIntegers, numbers.allSatisfy({ reach.contains($0) }) else {
      throw .because("places that are no whole numbers")
    }
    let result: BatchPlaces
    if node.type == "Mul" {
      guard numbers.count == 1 else { throw .because("places times several numbers") }
      result = BatchPlaces(
        step: places.step * numbers[0], extents: places.extents,
        offsets: places.offsets.map { $0 * numbers[0] })
    } else {
      guard node.type == "Add" else { throw .because("it computes with the number of the image") }
      result = try sum(places, numbers, constant.dims)
    }
    guard reach.contains(result.step), result.offsets.allSatisfy({ reach.contains($0) }) else {
      throw .because("places beyond any element")
    }
    return result
  }

  /// The sum of positions and offsets, both broadcast along axes of one element.
  private static func sum(
    _ places: BatchPlaces, _ numbers: [Int], _ dims: [Int]
  ) throws(ONNXRefusal) -> BatchPlaces {
    let rank = places.extents.count
    let added = Array(repeating: 1, count: max(rank + 1 - dims.count, 0)) + dims
    guard added.count == rank + 1, added[0] == 1 else {
      throw .because("places of \(rank + 1) axes and numbers of \(dims), expected the batch first and once")
    }
    let extents = zip(places.extents, added.dropFirst()).map { max($0, $1) }
    let isFitting = zip(extents, zip(places.extents, added.dropFirst()))
      .allSatisfy { ($0 == $1.0 || $1.0 == 1) && ($0 == $1.1 || $1.1 == 1) }
    guard isFitting, let count = Shape(extents).count(upTo: maximumElements), count > 0 else {
      throw .because("places of \(places.extents) and numbers of \(dims)")
    }
    var offsets: [Int] = []
    offsets.reserveCapacity(count)
    for element in 0..<count {
      var (rest, first, second, firstStep, secondStep) = (element, 0, 0, 1, 1)
      for axis in extents.indices.reversed() {
        let place = rest % extents[axis]
        rest /= extents[axis]
        first += places.extents[axis] == 1 ? 0 : place * firstStep
        second += added[axis + 1] == 1 ? 0 : place * secondStep
        firstStep *= places.extents[axis]
        secondStep *= added[axis + 1]
      }
      offsets.append(places.offsets[first] + numbers[second])
    }
    return BatchPlaces(step: places.step, extents: extents, offsets: offsets)
  }

  private static func take(
    _ row: BatchRow, _ node: ONNXNode, _ network: inout ONNXNetworkBuilder
  ) throws(ONNXRefusal) {
    let count = row.source.view.extents.reduce(1, *)
    guard let places = try network.pending(node.input(1), as: BatchPlaces.self),
      try node.int("axis", default: 0) == 0, places.step == count, places.offsets == Array(0..<count)
    else { throw .because("of elements of a batch in another order than they lie in") }
    try network.setReshaped(node.output, row.source, to: places.extents)
  }
}

/// Positions of a batch's elements in flattened order: `step · n + offset` in image n, for each element of an
/// image.
private struct BatchPlaces: ONNXPending {
  let step: Int
  /// The extents after the batch.
  let extents: [Int]
  /// The offsets, row-major.
  let offsets: [Int]

  func made(_ name: String, in network: inout ONNXNetworkBuilder) throws(ONNXRefusal) -> String {
    throw .because("it computes with the number of the image")
  }
}

/// The elements of a batch in flattened order.
private struct BatchRow: ONNXPending {
  let source: ViewedValue

  func made(_ name: String, in network: inout ONNXNetworkBuilder) throws(ONNXRefusal) -> String {
    throw .because(
      "it reads the elements of all images in a row; expected the batch to stay the first extent")
  }
}
