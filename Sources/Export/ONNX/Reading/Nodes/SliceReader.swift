import Graphs
import Ops
import Tensors

/// Every so many rows and columns of images, or a stretch of a shape.
enum SliceReader: ONNXNodeReader {
  static let types = ["Slice"]

  /// Where a slice of an axis starts, ends and how it steps.
  private struct Stretch {
    let start: Int
    let end: Int
    let step: Int
  }

  static func read(_ node: ONNXNode, into network: inout ONNXNetworkBuilder) throws(ONNXRefusal) {
    if let constant = try network.constant(node.input(0)) { return try fold(node, constant, &network) }
    let input = try network.made(node.input(0))
    let shape = network.shape(of: input)
    var steps = [1, 1]
    for (axis, stretch) in try stretches(of: node, rank: shape.rank, &network) {
      guard stretch.start == 0, stretch.end >= shape[axis], stretch.step >= 1 else {
        throw .because("a part of axis \(axis) of \(shape); whole rows and columns with a step are supported")
      }
      // Of a free batch, an end is all images only where no batch is larger.
      guard axis > 0 || stretch.end >= Int(Int32.max) else {
        throw .because("a part of the batch; whole batches are supported")
      }
      guard axis >= 2 || stretch.step == 1 else { throw .because("a step on axis \(axis) of \(shape)") }
      if axis >= 2 { steps[axis - 2] = stretch.step }
    }
    guard steps != [1, 1] else { return network.set(node.output, .made(input)) }
    guard shape.rank == 4, steps.allSatisfy({ $0 <= Window.maximumSide }) else {
      throw .because("steps \(steps) of \(shape)")
    }
    // A window of one pixel with a stride takes just those pixels.
    try network.append(
      MaxPool(kernel: Extent(1), stride: Extent(steps[0], steps[1])), for: node, inputs: [input])
  }

  private static func stretches(
    of node: ONNXNode, rank: Int, _ network: inout ONNXNetworkBuilder
  ) throws(ONNXRefusal) -> [(axis: Int, stretch: Stretch)] {
    func numbers(_ position: Int, _ what: String) throws(ONNXRefusal) -> [Int]? {
      guard node.input(position) != nil else { return nil }
      guard let numbers = try network.requireConstant(node.input(position), what).knownIntegers,
        numbers.count <= 8
      else { throw .because("\(what) that depend on the batch") }
      return numbers
    }
    guard let starts = try numbers(1, "starts"), let ends = try numbers(2, "ends") else {
      throw .because("starts and ends are missing")
    }
    let axes = try network.axes(of: node, input: 3, rank: rank) ?? Array(starts.indices)
    let steps = try numbers(4, "steps") ?? Array(repeating: 1, count: starts.count)
    guard ends.count == starts.count, axes.count == starts.count, steps.count == starts.count,
      Set(axes).count == axes.count, axes.allSatisfy({ $0 < rank })
    else { throw .because("starts, ends, axes and steps of different numbers") }
    return starts.indices.map {
      (axes[$0], Stretch(start: starts[$0], end: ends[$0], step: steps[$0]))
    }
  }

  /// Part of a constant along its first axis.
  private static func fold(
    _ node: ONNXNode, _ constant: ONNXConstant, _ network: inout ONNXNetworkBuilder
  ) throws(ONNXRefusal) {
    let stretches = try stretches(of: node, rank: constant.dims.count, &network)
    guard let (axis, stretch) = stretches.first, stretches.count == 1, axis == 0, stretch.step != 0,
      stretch.step != Int.min
    else { throw .because("of a constant of \(constant.dims) along other axes than the first") }
    let extent = constant.dims[0]
    let row = extent > 0 ? constant.count / extent : 0
    let rows = Self.rows(stretch, extent: extent)
    let positions = rows.flatMap { $0 * row..<($0 + 1) * row }
    try network.setConstant(
      node.output, constant.gathering(positions, dims: [rows.count] + constant.dims.dropFirst()))
  }

  /// The indices that a stretch takes of an axis, ends clamped as ONNX says.
  private static func rows(_ stretch: Stretch, extent: Int) -> [Int] {
    func place(_ index: Int) -> Int { index < 0 ? max(index, -extent - 1) + extent : index }
    let isForward = stretch.step > 0
    let start = min(max(place(stretch.start), 0), isForward ? extent : extent - 1)
    let end = min(max(place(stretch.end), isForward ? 0 : -1), extent)
    let step = min(max(stretch.step, -extent - 1), extent + 1)
    return Array(Swift.stride(from: start, to: end, by: step))
  }
}
