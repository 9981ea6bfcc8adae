import Encodings
import Graphs
import Ops

/// Clamps between constant bounds: ReLU, ReLU6, or the ends of a grid that follows.
enum ClipReader: ONNXNodeReader {
  static let types = ["Clip"]

  static func read(_ node: ONNXNode, into network: inout ONNXNetworkBuilder) throws(ONNXRefusal) {
    let lower = try bound(node.input(1), -Float.infinity, &network)
    let upper = try bound(node.input(2), Float.infinity, &network)
    let input = try network.made(node.input(0))
    if lower == 0, upper >= Float.greatestFiniteMagnitude {
      try network.append(ReLU(), for: node, inputs: [input])
    } else if lower == 0, upper == 6 {
      try network.append(ReLU6(), for: node, inputs: [input])
    } else {
      network.set(node.output, .pending(ClippedValue(value: input, lower: lower, upper: upper)))
    }
  }

  private static func bound(
    _ name: String?, _ missing: Float, _ network: inout ONNXNetworkBuilder
  ) throws(ONNXRefusal) -> Float {
    guard let name else { return missing }
    guard let bound = try network.requireConstant(name, "bound").scalar else {
      throw .because("a bound that is not one number")
    }
    return bound
  }
}

/// A value between bounds that no op has; the pair that follows may clamp by itself.
struct ClippedValue: ONNXPending {
  let value: String
  let lower: Float
  let upper: Float

  func made(_ name: String, in network: inout ONNXNetworkBuilder) throws(ONNXRefusal) -> String {
    throw .because("it reads a Clip to \(lower)...\(upper); 0...6 and 0 without an end are supported")
  }
}
