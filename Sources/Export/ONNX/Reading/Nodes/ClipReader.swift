import Encodings
import Graphs
import Ops

/// Clamps with constant bounds: ReLU, ReLU6, other bounds, or the ends of the grid of the next node.
enum ClipReader: ONNXNodeReader {
  static let types = ["Clip"]

  static func read(_ node: ONNXNode, into network: inout ONNXNetworkBuilder) throws(ONNXRefusal) {
    // Before operator set 11 the bounds are attributes.
    let lower = try bound(node, 1, "min", -Float.infinity, &network)
    let upper = try bound(node, 2, "max", Float.infinity, &network)
    let input = try network.viewed(node.input(0))
    guard lower < upper else {
      throw .because("bounds \(lower) and \(upper), expected two rising numbers")
    }
    if lower == 0, upper == 6 || upper >= Clamp.maximumBound {
      let op: any Op = upper == 6 ? ReLU6() : ReLU()
      return try network.append(op, for: node, inputs: [input.value], view: input.view)
    }
    let (hasLower, hasUpper) = (lower > -Clamp.maximumBound, upper < Clamp.maximumBound)
    guard hasLower || hasUpper else { return network.set(node.output, input.value, input.view) }
    guard hasLower, hasUpper, lower <= 0, upper >= 0 else {
      return try shifted(node, input, lower: hasLower ? lower : nil, upper: hasUpper ? upper : nil, &network)
    }
    network.set(
      node.output,
      .pending(ClippedValue(source: node.input(0), input: input, lower: lower, upper: upper)))
  }

  /// A clamp whose bounds do not include zero, or that has one bound: shifted to zero, clamped, and shifted
  /// back.
  private static func shifted(
    _ node: ONNXNode, _ input: ViewedValue, lower: Float?, upper: Float?,
    _ network: inout ONNXNetworkBuilder
  ) throws(ONNXRefusal) {
    let name = network.freshName(node.output)
    // With an upper bound alone, the distance below it is clamped: `upper - relu(upper - x)`.
    let sign: Float = lower == nil ? -1 : 1
    let bound = lower ?? upper ?? 0
    let beyond = try ChannelwiseMap(scale: [sign], shift: [-sign * bound])
      .append(input.value, name: network.freshName(name + ".beyond"), to: &network)
    let op: any Op =
      if let lower, let upper { Clamp(below: 0, above: upper - lower) } else { ReLU() }
    let bounded = try network.append(op, name: network.freshName(name + ".bounded"), inputs: [beyond])
    let value = try ChannelwiseMap(scale: [sign], shift: [bound]).append(bounded, name: name, to: &network)
    network.set(node.output, value, input.view)
  }

  private static func bound(
    _ node: ONNXNode, _ position: Int, _ attribute: String, _ missing: Float,
    _ network: inout ONNXNetworkBuilder
  ) throws(ONNXRefusal) -> Float {
    guard let name = node.input(position) else { return try node.float(attribute, default: missing) }
    guard let bound = try network.requireConstant(name, "bound").scalar, !bound.isNaN else {
      throw .because("a bound that is not one number")
    }
    return bound
  }
}

/// A clamped value; a pair of quantization nodes that follows may include the clamp.
struct ClippedValue: ONNXPendingMap {
  /// The input's name in the file.
  let source: String?
  let input: ViewedValue
  let lower: Float
  let upper: Float

  var op: any Op { Clamp(below: abs(lower), above: upper) }
}
