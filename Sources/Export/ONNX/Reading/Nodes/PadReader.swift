import Graphs
import Ops
import Tensors

/// Zeros around images, which the next convolution or pooling takes in, or channels of zeros.
enum PadReader: ONNXNodeReader {
  static let types = ["Pad"]

  static func read(_ node: ONNXNode, into network: inout ONNXNetworkBuilder) throws(ONNXRefusal) {
    let mode = try node.string("mode", default: "constant")
    let (input, order, before) = try source(node, &network)
    let pads = try pads(of: node, rank: order.count, &network)
    guard pads.contains(where: { $0 != 0 }) else {
      return network.set(node.output, try network.value(node.input(0)))
    }
    guard mode == "constant" else { throw .because("mode \(mode), expected constant zeros") }
    // Before operator set 11 the value is an attribute.
    let given =
      node.input(2) == nil
      ? try node.float("value", default: 0) : try network.requireConstant(node.input(2), "value").scalar
    guard given == 0 else { throw .because("a value other than zero") }
    // The padding by axis of the graph.
    let starts = order.map { pads[$0] }
    let ends = order.map { pads[order.count + $0] }
    guard order.count == 4, starts[0] == 0, ends[0] == 0 else {
      throw .because("pads \(pads), expected zeros around images or channels")
    }
    let around =
      ONNXPadding(top: starts[2], left: starts[3], bottom: ends[2], right: ends[3]) + before
    guard starts[1] != 0 || ends[1] != 0 else {
      let places = order.indices.map { axis in order.firstIndex(of: axis) ?? axis }
      return network.set(
        node.output, .pending(PaddedImage(value: input, padding: around, order: places)))
    }
    guard around == ONNXPadding(), starts[1] >= 0, ends[1] >= 0, order == [0, 1, 2, 3] else {
      throw .because("pads of channels and of rows or columns at once")
    }
    try addChannels(node, input, before: starts[1], after: ends[1], &network)
  }

  /// The padded value, the file's axis of each axis of the graph, and earlier zeros around it.
  private static func source(
    _ node: ONNXNode, _ network: inout ONNXNetworkBuilder
  ) throws(ONNXRefusal) -> (value: String, places: [Int], before: ONNXPadding) {
    if let padded = try network.pending(node.input(0), as: PaddedImage.self) {
      let places = padded.order.indices.map { axis in padded.order.firstIndex(of: axis) ?? axis }
      return (padded.value, places, padded.padding)
    }
    let found = try network.ordered(node.input(0))
    return (found.value, found.places, ONNXPadding())
  }

  /// Appends channels of zeros by a convolution of one pixel, whose filters copy one channel each or are
  /// zero.
  private static func addChannels(
    _ node: ONNXNode, _ input: String, before: Int, after: Int, _ network: inout ONNXNetworkBuilder
  ) throws(ONNXRefusal) {
    let channels = network.shape(of: input)[1]
    let filters = before + channels + after
    guard filters <= Window.maximumSide, filters * channels <= 1 << 24 else {
      throw .because("\(filters) channels")
    }
    var weight = Tensor(zeros: [filters, channels, 1, 1])
    for channel in 0..<channels { weight.values[(before + channel) * channels + channel] = 1 }
    try network.append(
      Conv2D(filters: filters, kernel: 1, bias: false), for: node, inputs: [input],
      parameters: [.weight: Parameter(weight)])
  }

  /// The padding before each axis, then that after each axis.
  private static func pads(
    of node: ONNXNode, rank: Int, _ network: inout ONNXNetworkBuilder
  ) throws(ONNXRefusal) -> [Int] {
    let axes = try network.axes(of: node, input: 3, rank: rank) ?? Array(0..<rank)
    // Before operator set 11 the padding is an attribute.
    let numbers =
      node.input(1) == nil
      ? try node.ints("pads") : try network.requireConstant(node.input(1), "pads").knownIntegers
    guard let given = numbers, given.count == 2 * axes.count,
      given.allSatisfy({ $0.magnitude <= UInt(Window.maximumSide) })
    else { throw .because("pads that are not two numbers of at most \(Window.maximumSide) an axis") }
    var pads = Array(repeating: 0, count: 2 * rank)
    for (place, axis) in axes.enumerated() {
      pads[axis] = given[place]
      pads[rank + axis] = given[axes.count + place]
    }
    return pads
  }
}
