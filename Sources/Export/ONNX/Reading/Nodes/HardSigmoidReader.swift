import Graphs
import Ops

/// The factor of hard swish, as exporters write it where the operator set has no HardSwish.
enum HardSigmoidReader: ONNXNodeReader {
  static let types = ["HardSigmoid"]

  static func read(_ node: ONNXNode, into network: inout ONNXNetworkBuilder) throws(ONNXRefusal) {
    let alpha = try node.float("alpha", default: 0.2)
    let beta = try node.float("beta", default: 0.5)
    guard abs(alpha - 1 / 6) < 1e-6, beta == 0.5 else {
      throw .because("alpha \(alpha) and beta \(beta), expected 1/6 and 1/2 as a part of hard swish")
    }
    network.set(node.output, .pending(HardFactor(value: try network.made(node.input(0)))))
  }
}

/// `min(max(x + 3, 0), 6) / 6`, waiting to be multiplied with x.
struct HardFactor: ONNXPending {
  let value: String

  func made(_ name: String, in network: inout ONNXNetworkBuilder) throws(ONNXRefusal) -> String {
    throw .because("it reads a HardSigmoid, which is supported as a part of hard swish alone")
  }
}
