import Graphs
import Ops
import Tensors

/// The largest number of each window.
enum MaxPoolReader: ONNXNodeReader {
  static let types = ["MaxPool"]

  static func read(_ node: ONNXNode, into network: inout ONNXNetworkBuilder) throws(ONNXRefusal) {
    guard node.outputs.count == 1 else { throw .because("positions of the largest are not supported") }
    let (input, before) = try inputAndZeros(node, &network)
    let shape = network.shape(of: input)
    var window = try ONNXWindow(node, input: shape, padding: before)
    try window.requirePooling(node)
    if try node.int("ceil_mode", default: 0) != 0 { _ = try window.roundUp(shape) }
    try network.append(
      MaxPool(
        kernel: window.kernel, stride: window.poolingStride, padding: window.padding.start,
        endPadding: window.padding.end),
      for: node, inputs: [input])
  }

  /// The input and its padding by zeros, where zeros act as the outside of a maximum: no pixel is below zero.
  private static func inputAndZeros(
    _ node: ONNXNode, _ network: inout ONNXNetworkBuilder
  ) throws(ONNXRefusal) -> (value: String, padding: ONNXPadding) {
    let (input, padding) = try ONNXPadding.taken(node.input(0), into: &network)
    guard padding != ONNXPadding() else { return (input, padding) }
    let kernel = try node.ints("kernel_shape") ?? []
    let fits = kernel.count == 2 && zip(padding.sides, kernel + kernel).allSatisfy { (0..<$1).contains($0) }
    let own = try node.ints("pads") ?? [0, 0, 0, 0]
    if fits, network.isNonNegative(input), own.allSatisfy({ $0 == 0 }) { return (input, padding) }
    return (try network.made(node.input(0)), ONNXPadding())
  }
}

/// The mean of each window.
enum AveragePoolReader: ONNXNodeReader {
  static let types = ["AveragePool"]

  static func read(_ node: ONNXNode, into network: inout ONNXNetworkBuilder) throws(ONNXRefusal) {
    let counts = try node.int("count_include_pad", default: 0) != 0
    let own = try node.ints("pads") ?? [0, 0, 0, 0]
    var (input, before) = try ONNXPadding.taken(node.input(0), into: &network)
    let automatic = try node.string("auto_pad", default: "NOTSET")
    let isOwn = own.contains { $0 != 0 } || automatic.hasPrefix("SAME")
    let kernel = try node.ints("kernel_shape") ?? []
    let fits = kernel.count == 2 && zip(before.sides, kernel + kernel).allSatisfy { (0..<$1).contains($0) }
    if before != ONNXPadding(), !fits || (isOwn && !counts) {
      (input, before) = (try network.made(node.input(0)), ONNXPadding())
    }
    let shape = network.shape(of: input)
    var window = try ONNXWindow(node, input: shape, padding: before)
    try window.requirePooling(node)
    let isCounting = counts && window.padding != ONNXPadding() || before != ONNXPadding()
    let mayHang = try node.int("ceil_mode", default: 0) != 0
    let hangs = mayHang ? try window.roundUp(shape) : false
    guard !hangs || !isCounting else {
      throw .because(
        "a mean that counts its padding and hangs over the end of \(shape); export it without ceil_mode or count_include_pad"
      )
    }
    try network.append(
      AveragePool(
        kernel: window.kernel, stride: window.poolingStride, padding: window.padding.start,
        endPadding: window.padding.end,
        countsPadding: hangs ? false : counts || before != ONNXPadding()),
      for: node, inputs: [input])
  }
}

/// The mean or the largest number of each channel.
enum GlobalPoolReader: ONNXNodeReader {
  static let types = ["GlobalAveragePool", "GlobalMaxPool"]

  static func read(_ node: ONNXNode, into network: inout ONNXNetworkBuilder) throws(ONNXRefusal) {
    let input = try network.made(node.input(0))
    guard node.type == "GlobalMaxPool" else {
      return try network.append(GlobalAveragePool(), for: node, inputs: [input])
    }
    let shape = network.shape(of: input)
    guard shape.rank == 4 else { throw .because("it reads \(shape), expected images NxCxHxW") }
    try network.append(MaxPool(kernel: Extent(shape[2], shape[3])), for: node, inputs: [input])
  }
}

extension ONNXWindow {
  /// The stride; `nil` where windows are adjacent without overlap.
  var poolingStride: Extent? { stride == kernel ? nil : stride }

  /// Refuses dilations, which pooling ops do not have.
  func requirePooling(_ node: ONNXNode) throws(ONNXRefusal) {
    guard dilation == Extent(1) else { throw .because("dilations \(dilation) of a pooling, expected 1") }
  }
}
