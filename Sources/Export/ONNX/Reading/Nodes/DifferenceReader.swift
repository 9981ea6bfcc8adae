import Graphs
import Ops

/// Differences and quotients of a value and a constant for each channel, as normalizations in a network are, or of constants.
enum DifferenceReader: ONNXNodeReader {
  static let types = ["Sub", "Div"]

  static func read(_ node: ONNXNode, into network: inout ONNXNetworkBuilder) throws(ONNXRefusal) {
    let isQuotient = node.type == "Div"
    let first = try network.constant(node.input(0))
    let second = try network.constant(node.input(1))
    if let first, let second {
      let folded =
        isQuotient
        ? try first.combined(with: second, /, { $1 == 0 || $1 == -1 ? $0 &* $1 : $0 / $1 })
        : try first.combined(with: second, -, &-)
      return try network.setConstant(node.output, folded)
    }
    if let second {
      let input = try network.made(node.input(0))
      let numbers = try ChannelwiseMap.numbers(second, beside: network.shape(of: input))
      let map =
        isQuotient
        ? ChannelwiseMap(scale: numbers.map { 1 / $0 }) : ChannelwiseMap(shift: numbers.map { -$0 })
      return try map.append(input, for: node, to: &network)
    }
    guard let first, !isQuotient else {
      throw .because(
        isQuotient
          ? "by a computed value; quotients by a constant are supported"
          : "of two computed values; their sum is supported")
    }
    let input = try network.made(node.input(1))
    let numbers = try ChannelwiseMap.numbers(first, beside: network.shape(of: input))
    try ChannelwiseMap(scale: [-1], shift: numbers).append(input, for: node, to: &network)
  }
}
