import Graphs
import Ops
import Tensors

/// Products: of values, of a value and a constant for each channel, of constants; hard swish where it is one.
enum ProductReader: ONNXNodeReader {
  static let types = ["Mul"]

  static func read(_ node: ONNXNode, into network: inout ONNXNetworkBuilder) throws(ONNXRefusal) {
    let first = try network.constant(node.input(0))
    let second = try network.constant(node.input(1))
    if let first, let second {
      return try network.setConstant(node.output, try first.combined(with: second, *, &*))
    }
    if let constant = first ?? second {
      let input = try network.made(node.input(first == nil ? 0 : 1))
      let scale = try ChannelwiseMap.numbers(constant, beside: network.shape(of: input))
      return try ChannelwiseMap(scale: scale).append(input, for: node, to: &network)
    }
    if try readHardSwish(node, &network) { return }
    var inputs = [try network.made(node.input(0)), try network.made(node.input(1))]
    // The op repeats its second input only.
    let shapes = inputs.map { network.shape(of: $0) }
    if shapes[0] != shapes[1], shapes[0].count < shapes[1].count { inputs.reverse() }
    try network.append(Multiply(), for: node, inputs: inputs)
  }

  private static func readHardSwish(
    _ node: ONNXNode, _ network: inout ONNXNetworkBuilder
  ) throws(ONNXRefusal) -> Bool {
    for (factor, value) in [(0, 1), (1, 0)] {
      guard let pending = try network.pending(node.input(factor), as: HardFactor.self) else { continue }
      guard try network.made(node.input(value)) == pending.value else { continue }
      try network.append(HardSwish(), for: node, inputs: [pending.value])
      return true
    }
    return false
  }
}
