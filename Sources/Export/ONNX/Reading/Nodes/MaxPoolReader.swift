import Graphs
import Ops
import Tensors

/// The largest of each window.
enum MaxPoolReader: ONNXNodeReader {
  static let types = ["MaxPool"]

  static func read(_ node: ONNXNode, into network: inout ONNXNetworkBuilder) throws(ONNXRefusal) {
    let input = try network.made(node.input(0))
    guard node.outputs.count == 1 else { throw .because("positions of the largest are not supported") }
    let window = try ONNXWindow(node, input: network.shape(of: input))
    try window.requirePooling(node, network.shape(of: input))
    try network.append(
      MaxPool(kernel: window.kernel, stride: window.poolingStride, padding: try window.symmetricPadding()),
      for: node, inputs: [input])
  }
}

/// The mean of each window.
enum AveragePoolReader: ONNXNodeReader {
  static let types = ["AveragePool"]

  static func read(_ node: ONNXNode, into network: inout ONNXNetworkBuilder) throws(ONNXRefusal) {
    let (input, before) = try ONNXPadding.taken(node.input(0), into: &network)
    let window = try ONNXWindow(node, input: network.shape(of: input), padding: before)
    try window.requirePooling(node, network.shape(of: input))
    let counts = try node.int("count_include_pad", default: 0) != 0
    let own = try node.ints("pads") ?? [0, 0, 0, 0]
    guard before == ONNXPadding() || counts || own.allSatisfy({ $0 == 0 }) else {
      throw .because("it counts the zeros of a Pad and not its own padding")
    }
    try network.append(
      AveragePool(
        kernel: window.kernel, stride: window.poolingStride, padding: try window.symmetricPadding(),
        countsPadding: counts || before != ONNXPadding()),
      for: node, inputs: [input])
  }
}

/// The mean of each channel.
enum GlobalPoolReader: ONNXNodeReader {
  static let types = ["GlobalAveragePool"]

  static func read(_ node: ONNXNode, into network: inout ONNXNetworkBuilder) throws(ONNXRefusal) {
    try network.append(GlobalAveragePool(), for: node, inputs: [try network.made(node.input(0))])
  }
}

extension ONNXWindow {
  /// The stride, `nil` where windows stand side by side.
  var poolingStride: Extent? { stride == kernel ? nil : stride }

  /// Refuses what the catalogue's pooling does not have: dilation, and windows that hang over the end.
  func requirePooling(_ node: ONNXNode, _ input: Shape) throws(ONNXRefusal) {
    guard dilation == Extent(1) else { throw .because("dilations \(dilation) of a pooling") }
    guard try node.int("ceil_mode", default: 0) != 0 else { return }
    let rows = input[2] + padding.top + padding.bottom - kernel.height
    let columns = input[3] + padding.left + padding.right - kernel.width
    guard rows >= 0, columns >= 0, rows % stride.height == 0, columns % stride.width == 0 else {
      throw .because("ceil_mode with windows that hang over the end of \(input)")
    }
  }
}
