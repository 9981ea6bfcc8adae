import Graphs
import Ops
import Tensors

/// Sums of values, of a value and a constant for each channel, of features and a bias, or of constants.
enum SumReader: ONNXNodeReader {
  static let types = ["Add", "Sum"]

  static func read(_ node: ONNXNode, into network: inout ONNXNetworkBuilder) throws(ONNXRefusal) {
    guard node.inputs.count == 2 else { return try readMany(node, &network) }
    let first = try network.constant(node.input(0))
    let second = try network.constant(node.input(1))
    if let first, let second {
      return try network.setConstant(node.output, try first.combined(with: second, +, &+))
    }
    guard let constant = first ?? second else { return try readMany(node, &network) }
    let computed = node.input(first == nil ? 0 : 1)
    if let features = try network.pending(computed, as: WeightedFeatures.self),
      network.readers[computed ?? ""]?.all == 1
    {
      return try features.append(constant, for: node, to: &network)
    }
    if let norm = try network.norm(computed, taking: constant, isFactor: false) {
      return network.set(node.output, .pending(norm))
    }
    let (shift, input, view) = try ChannelwiseMap.beside(constant, computed, &network)
    try ChannelwiseMap(shift: shift).append(input, for: node, view: view, to: &network)
  }

  private static func readMany(
    _ node: ONNXNode, _ network: inout ONNXNetworkBuilder
  ) throws(ONNXRefusal) {
    guard node.inputs.count > 1 else {
      return network.set(node.output, try network.value(node.input(0)))
    }
    for name in node.inputs {
      guard try network.constant(name) == nil else {
        throw .because("of constants and several values; sums of values are supported")
      }
    }
    let aligned = try network.aligned(node.inputs)
    try network.append(
      Add(), for: node, inputs: try network.repeated(aligned.values), view: aligned.view)
  }
}

extension ONNXNetworkBuilder {
  /// Values with those of one pixel repeated to the rows and columns of the largest.
  ///
  /// The op is a max pooling over one pixel, whose windows all contain that pixel.
  mutating func repeated(_ values: [String]) throws(ONNXRefusal) -> [String] {
    let largest = values.map { shape(of: $0) }.max { $0.count < $1.count } ?? []
    var result: [String] = []
    for value in values { result.append(try repeated(value, to: largest)) }
    return result
  }

  /// A value of one pixel repeated to the rows and columns of a shape; other values unchanged.
  mutating func repeated(
    _ value: String, to target: Shape, name: String? = nil
  ) throws(ONNXRefusal) -> String {
    let own = shape(of: value)
    guard own != target, own.rank == 4, target.rank == 4, own[1] == target[1], own[2] == 1, own[3] == 1 else {
      return value
    }
    let plane = Extent(target[2], target[3])
    guard plane.count <= Window.maximumKernelCount else { throw .because("one pixel repeated to \(target)") }
    return try append(
      MaxPool(kernel: plane, stride: 1, padding: Extent(plane.height - 1, plane.width - 1)),
      name: name ?? freshName(value + ".repeated"), inputs: [value])
  }
}
