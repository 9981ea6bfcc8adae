import Graphs
import Ops

/// A hard sigmoid: an activation, or the factor of a hard swish in operator sets without HardSwish.
enum HardSigmoidReader: ONNXNodeReader {
  static let types = ["HardSigmoid"]

  static func read(_ node: ONNXNode, into network: inout ONNXNetworkBuilder) throws(ONNXRefusal) {
    let alpha = try node.float("alpha", default: 0.2)
    let beta = try node.float("beta", default: 0.5)
    let input = try network.viewed(node.input(0))
    network.set(
      node.output, .pending(HardFactor(input: input, sigmoid: HardSigmoid(slope: alpha, offset: beta))))
  }
}

/// A hard sigmoid that becomes a hard swish if it is multiplied by its input.
struct HardFactor: ONNXPendingMap {
  let input: ViewedValue
  let sigmoid: HardSigmoid

  var op: any Op { sigmoid }
  /// True if it is `min(max(x + 3, 0), 6) / 6`.
  var isOfHardSwish: Bool { abs(sigmoid.slope - 1 / 6) < 1e-6 && sigmoid.offset == 0.5 }
}
