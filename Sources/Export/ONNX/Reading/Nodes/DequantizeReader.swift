import Encodings
import Graphs
import Tensors

/// The second node of a pair that quantizes a value, or weights that are stored as integers.
enum DequantizeReader: ONNXNodeReader {
  static let types = ["DequantizeLinear"]

  static func read(_ node: ONNXNode, into network: inout ONNXNetworkBuilder) throws(ONNXRefusal) {
    try node.requireNoBlocks()
    if let constant = try network.constant(node.input(0)) { return try readWeights(node, constant, &network) }
    guard let quantized = try network.pending(node.input(0), as: QuantizedValue.self) else {
      throw .because("of what is no QuantizeLinear's")
    }
    let scale = try network.requireConstant(node.input(1), "scale").scalar
    let zero = try QuantizeReader.ZeroPoint(node.input(2), &network)
    guard scale == quantized.grid.scale, zero.point == quantized.grid.zeroPoint else {
      throw .because("scale and zero point are not those of its QuantizeLinear")
    }
    try encode(quantized, &network)
    if let view = quantized.view {
      network.set(node.output, quantized.value, view)
    } else {
      network.setDequantized(node.output, quantized.value)
    }
  }

  /// Gives the value its encoding; a value that only moves another one's numbers has that one's already.
  private static func encode(
    _ quantized: QuantizedValue, _ network: inout ONNXNetworkBuilder
  ) throws(ONNXRefusal) {
    if let encoding = network.graph.encodingHeld(by: quantized.value), encoding.isEqual(to: quantized.grid) {
      return
    }
    guard network.graph.values[quantized.value] == nil, quantized.isReadAsQuantizedOnly else {
      throw .because("other nodes read the value as it was before")
    }
    network.graph.values[quantized.value] = quantized.grid
  }

  private static func readWeights(
    _ node: ONNXNode, _ constant: ONNXConstant, _ network: inout ONNXNetworkBuilder
  ) throws(ONNXRefusal) {
    guard let integers = constant.knownIntegers,
      let scales = try network.requireConstant(node.input(1), "scale").floats
    else { throw .because("of what are no integers") }
    let zeros =
      node.input(2) == nil
      ? [0] : try network.requireConstant(node.input(2), "zero point").knownIntegers ?? []
    let axis = try node.int("axis", default: 1)
    let dims = constant.dims
    let place = axis < 0 ? axis + dims.count : axis
    guard scales.count == 1 || (dims.indices.contains(place) && dims[place] == scales.count),
      zeros.count == 1 || zeros.count == scales.count
    else { throw .because("\(scales.count) scales on axis \(axis) of \(dims)") }
    let inner = scales.count == 1 ? 1 : dims.dropFirst(place + 1).reduce(1, *)
    var values: [Float] = []
    values.reserveCapacity(integers.count)
    for (position, integer) in integers.enumerated() {
      let channel = scales.count == 1 ? 0 : position / max(inner, 1) % scales.count
      let zero = zeros.count == 1 ? zeros[0] : zeros[channel]
      values.append(Float(Double(integer &- zero) * Double(scales[channel])))
    }
    let bits = constant.type?.bitCount ?? 0
    let isUnsigned = [.uint8, .uint4, .uint2].contains(constant.type)
    let middle = isUnsigned ? 1 << (bits - 1) : 0
    let isGrid =
      zeros.allSatisfy { $0 == middle } && (scales.count == 1 || place == 0)
      && Integer.problem(bits: bits, scales: scales) == nil
      && integers.allSatisfy { abs($0 - middle) <= Integer.limit(bits: bits) }
    try network.setConstant(
      node.output,
      ONNXConstant(
        dims: dims, content: .floats(values), encoding: isGrid ? Integer(bits: bits, scales: scales) : nil))
  }
}

extension Graph {
  /// The encoding of a value, or of the value whose numbers it holds.
  func encodingHeld(by value: String) -> (any ValueEncoding)? {
    var value = value
    while true {
      if let encoding = values[value] { return encoding }
      guard let node = node(named: value), [.moving, .vanishing].contains(node.op.valueFlow) else {
        return nil
      }
      value = node.inputs[0]
    }
  }
}
