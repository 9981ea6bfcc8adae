import Graphs
import Ops

/// Differences and quotients of a value and a constant for each channel, of two values, or of constants.
///
/// Normalizations within a network have this form.
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
      let (numbers, input, view) = try ChannelwiseMap.beside(second, node.input(0), &network)
      let map =
        isQuotient
        ? ChannelwiseMap(scale: numbers.map { 1 / $0 }) : ChannelwiseMap(shift: numbers.map { -$0 })
      return try map.append(input, for: node, view: view, to: &network)
    }
    guard !isQuotient else {
      throw .because("by a computed value; quotients by a constant are supported")
    }
    guard let first else { return try subtract(node, &network) }
    let (numbers, input, view) = try ChannelwiseMap.beside(first, node.input(1), &network)
    try ChannelwiseMap(scale: [-1], shift: numbers).append(input, for: node, view: view, to: &network)
  }

  /// The difference of two values, as a sum with the negated second one.
  private static func subtract(
    _ node: ONNXNode, _ network: inout ONNXNetworkBuilder
  ) throws(ONNXRefusal) {
    let aligned = try network.aligned(node.inputs)
    let name = network.freshName(node.output)
    let opposite = try ChannelwiseMap(scale: [-1])
      .append(aligned.values[1], name: network.freshName(name + ".opposite"), to: &network)
    let terms = try network.repeated([aligned.values[0], opposite])
    network.set(node.output, try network.append(Add(), name: name, inputs: terms), aligned.view)
  }
}

/// The negation of a value.
enum NegationReader: ONNXNodeReader {
  static let types = ["Neg"]

  static func read(_ node: ONNXNode, into network: inout ONNXNetworkBuilder) throws(ONNXRefusal) {
    if let constant = try network.constant(node.input(0)) {
      let zero = ONNXConstant(dims: [], content: constant.integers == nil ? .floats([0]) : .integers([0]))
      return try network.setConstant(node.output, try zero.combined(with: constant, -, &-))
    }
    let input = try network.viewed(node.input(0))
    try ChannelwiseMap(scale: [-1]).append(input.value, for: node, view: input.view, to: &network)
  }
}
