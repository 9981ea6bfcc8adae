import Encodings
import Graphs
import Tensors

extension TFLiteBuilder {
  /// The weights and the bias of a layer as constants, with weights in the order and shape of an operator.
  ///
  /// `order` gives the index in the parameter of every element of the constant; `axis` is that of output
  /// channels.
  mutating func weights(
    of node: Node, shape: [Int32], axis: Int32, order: [Int], bias: Bool
  ) -> [Int32] {
    let name = ParameterRole.weight.name(of: node.name)
    guard let weight = graph.parameters[name] else {
      preconditionFailure("\(name) is missing in a verified model")
    }
    let channels = weight.value.shape[0]
    let values = weight.projected.values
    guard isInteger, let grid = weight.encoding.integerGrid else {
      let biases = graph[.bias, of: node.name]?.projected.values
      let bias = constant(
        reals: biases ?? Array(repeating: 0, count: channels), shape: [Int32(channels)],
        name: ParameterRole.bias.name(of: node.name))
      let elements = TFLiteSymbols(
        symbols: order.map { values[$0].bitPattern }, width: 4, channels: 1, isChannelLast: false)
      return [weights(elements, shape: shape, name: name, bits: 32, nil), bias]
    }
    let width = values.count / channels
    let scales = grid.scales.count == 1 ? Array(repeating: grid.scales[0], count: channels) : grid.scales
    let integers = values.indices.map { i in
      Int8(clamping: Int((values[i] / scales[i / width]).rounded(.toNearestOrEven)))
    }
    let isPerTensor = grid.scales.count == 1
    let quantization = TFLiteModel.Quantization(
      scales: grid.scales, zeroPoints: grid.scales.map { _ in 0 }, axis: isPerTensor ? 0 : axis)
    let bias = integerBias(of: node, scales: grid.scales, channels: channels)
    let elements = TFLiteSymbols(
      symbols: order.map { UInt32(UInt8(bitPattern: integers[$0])) }, width: 1,
      channels: grid.scales.count, isChannelLast: !isPerTensor && axis > 0)
    return [weights(elements, shape: shape, name: name, bits: grid.bits, quantization), bias]
  }

  /// The bias in steps of input scale times weight scale.
  private mutating func integerBias(of node: Node, scales: [Float], channels: Int) -> Int32 {
    let inputScale = quantization(of: node.inputs[0])?.scales[0] ?? 1
    let steps = scales.map { $0 * inputScale }
    let real = graph[.bias, of: node.name]?.projected.values
    let integers = (0..<channels).map { channel -> Int32 in
      guard let real else { return 0 }
      let step = Double(steps[steps.count == 1 ? 0 : channel])
      return Int32(clamping: Int((Double(real[channel]) / step).rounded(.toNearestOrEven)))
    }
    return constant(
      integers, shape: [Int32(channels)], name: ParameterRole.bias.name(of: node.name),
      TFLiteModel.Quantization(scales: steps, zeroPoints: steps.map { _ in 0 }))
  }
}

extension Encoding {
  /// The grid of at most 8 bits that elements are on; `nil` for other encodings.
  var integerGrid: Integer? {
    if let sparse = self as? Sparse { return sparse.inner.integerGrid }
    if let grid = (self as? PowersOfTwo)?.grid ?? (self as? Binary)?.grid { return grid }
    return (self as? Integer ?? (self as? any SharedNumbers)?.grid).flatMap { $0.bits <= 8 ? $0 : nil }
  }
}

extension Graph {
  /// The reason why the weights of an integer layer cannot be written as bytes; `nil` where they can.
  func integerWeightProblem(_ node: Node) -> String? {
    guard let weight = self[.weight, of: node.name], weight.encoding.integerGrid == nil else {
      return nil
    }
    return
      "its values are integers but its weights are \(weight.encoding.kind) of \(weight.encoding.bits) bits; "
      + "quantize them to 8 bits or less"
  }
}
