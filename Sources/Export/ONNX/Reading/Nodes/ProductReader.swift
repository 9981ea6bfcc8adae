import Graphs
import Ops
import Tensors

/// Products of values, of a value and a constant for each channel, or of constants; a hard swish where it is
/// one.
enum ProductReader: ONNXNodeReader {
  static let types = ["Mul"]

  static func read(_ node: ONNXNode, into network: inout ONNXNetworkBuilder) throws(ONNXRefusal) {
    let first = try network.constant(node.input(0))
    let second = try network.constant(node.input(1))
    if let first, let second {
      return try network.setConstant(node.output, try first.combined(with: second, *, &*))
    }
    if let constant = first ?? second {
      return try scale(node, node.input(first == nil ? 0 : 1), by: constant, &network)
    }
    if try readHardSwish(node, &network) { return }
    let aligned = try network.aligned(node.inputs, repeating: true)
    var inputs = aligned.values
    // The op broadcasts its second input only.
    let shapes = inputs.map { network.shape(of: $0) }
    if shapes[0] != shapes[1], shapes[0].count < shapes[1].count { inputs.reverse() }
    try network.append(Multiply(), for: node, inputs: inputs, view: aligned.view)
  }

  private static func scale(
    _ node: ONNXNode, _ computed: String?, by constant: ONNXConstant, _ network: inout ONNXNetworkBuilder
  ) throws(ONNXRefusal) {
    if let features = try network.pending(computed, as: WeightedFeatures.self),
      network.readers[computed ?? ""]?.all == 1, let scaled = features.times(constant)
    {
      return network.set(node.output, .pending(scaled))
    }
    if let norm = try network.norm(computed, taking: constant, isFactor: true) {
      return network.set(node.output, .pending(norm))
    }
    let (scale, input, view) = try ChannelwiseMap.beside(constant, computed, &network)
    try ChannelwiseMap(scale: scale).append(input, for: node, view: view, to: &network)
  }

  private static func readHardSwish(
    _ node: ONNXNode, _ network: inout ONNXNetworkBuilder
  ) throws(ONNXRefusal) -> Bool {
    for (factor, value) in [(0, 1), (1, 0)] {
      guard let pending = try network.pending(node.input(factor), as: HardFactor.self), pending.isOfHardSwish
      else { continue }
      guard try network.viewed(node.input(value)) == pending.input else { continue }
      try network.append(HardSwish(), for: node, inputs: [pending.input.value], view: pending.input.view)
      return true
    }
    return false
  }
}
