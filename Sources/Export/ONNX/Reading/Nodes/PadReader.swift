import Graphs
import Ops
import Tensors

/// Zeros around images, which the convolution or pooling that follows takes in, or zero channels.
enum PadReader: ONNXNodeReader {
  static let types = ["Pad"]

  static func read(_ node: ONNXNode, into network: inout ONNXNetworkBuilder) throws(ONNXRefusal) {
    let mode = try node.string("mode", default: "constant")
    guard mode == "constant" else { throw .because("mode \(mode), expected constant zeros") }
    if node.input(2) != nil, try network.requireConstant(node.input(2), "value").scalar != 0 {
      throw .because("a value other than zero")
    }
    let (input, before) = try ONNXPadding.taken(node.input(0), into: &network)
    let shape = network.shape(of: input)
    let pads = try pads(of: node, rank: shape.rank, &network)
    guard shape.rank == 4, pads[0] == 0, pads[4] == 0 else {
      throw .because("pads \(pads) of \(shape), expected zeros around images or channels")
    }
    let around = ONNXPadding(top: pads[2], left: pads[3], bottom: pads[6], right: pads[7]) + before
    guard pads[1] > 0 || pads[5] > 0 else {
      return network.set(
        node.output,
        around == ONNXPadding()
          ? .made(input) : .pending(PaddedImage(value: input, padding: around)))
    }
    guard around == ONNXPadding() else { throw .because("pads of channels and of rows or columns at once") }
    try addChannels(node, input, before: pads[1], after: pads[5], &network)
  }

  /// Zero channels come from a convolution of one pixel, whose filters hand each channel on or are zero.
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

  /// How much is added before and after each axis: all beginnings, then all ends.
  private static func pads(
    of node: ONNXNode, rank: Int, _ network: inout ONNXNetworkBuilder
  ) throws(ONNXRefusal) -> [Int] {
    let axes = try network.axes(of: node, input: 3, rank: rank) ?? Array(0..<rank)
    guard let given = try network.requireConstant(node.input(1), "pads").knownIntegers,
      given.count == 2 * axes.count, given.allSatisfy({ (0...Window.maximumSide).contains($0) })
    else { throw .because("pads that are not two numbers of 0...\(Window.maximumSide) an axis") }
    var pads = Array(repeating: 0, count: 2 * rank)
    for (place, axis) in axes.enumerated() {
      pads[axis] = given[place]
      pads[rank + axis] = given[axes.count + place]
    }
    return pads
  }
}

/// Images with zeros around them.
struct PaddedImage: ONNXPending {
  let value: String
  let padding: ONNXPadding

  func made(_ name: String, in network: inout ONNXNetworkBuilder) throws(ONNXRefusal) -> String {
    throw .because("it reads a Pad; convolutions and average pooling take one in")
  }
}
