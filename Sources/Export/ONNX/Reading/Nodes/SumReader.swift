import Graphs
import Ops

/// Sums: of values, of a value and a constant for each channel, of features and a bias, of constants.
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
    let input = try network.made(computed)
    let shift = try ChannelwiseMap.numbers(constant, beside: network.shape(of: input))
    try ChannelwiseMap(shift: shift).append(input, for: node, to: &network)
  }

  private static func readMany(
    _ node: ONNXNode, _ network: inout ONNXNetworkBuilder
  ) throws(ONNXRefusal) {
    var inputs: [String] = []
    for name in node.inputs { inputs.append(try network.made(name)) }
    guard inputs.count > 1 else {
      return network.set(node.output, .made(try network.made(node.input(0))))
    }
    try network.append(Add(), for: node, inputs: inputs)
  }
}
