import Graphs
import Tensors

extension IntegerFrame {
  /// The constants of a product layer.
  ///
  /// Refuses weights that are not stored as integers of eight bits or less, and channels for which
  /// `Σ|w|·255 + |bias|` exceeds 2³⁰.
  func products() throws(IntegerRefusal) -> IntegerProducts {
    guard let weight = parameters[.weight] else { throw IntegerRefusal("it has no weights") }
    guard let encoding = weight.encoding as? any IntegerStorable else {
      throw IntegerRefusal(
        "its weights are stored as \(weight.encoding.kind), not as integers; quantize this layer too")
    }
    let (weights, scales) = try encoding.integerWeights(of: weight.projected)
    let channels = weight.value.shape[0]
    let bias = parameters[.bias]?.projected.values.map { Double($0) }
    return try products(
      weights, scales: (0..<channels).map { Double(scales[scales.count == 1 ? 0 : $0]) },
      bias: bias ?? Array(repeating: 0, count: channels))
  }

  /// The constants from integers, the scale of each output channel, and real biases.
  func products(
    _ weights: IntegerWeights, scales: [Double], bias: [Double]
  ) throws(IntegerRefusal) -> IntegerProducts {
    let width = weights.values.count / max(scales.count, 1)
    var integers: [Int32] = []
    var rescales: [Rescale] = []
    for (channel, scale) in scales.enumerated() {
      let step = Double(inputs[0].scale) * scale
      let steps = step == 0 ? 0 : (bias[channel] / step).rounded(.toNearestOrEven)
      let row = weights.values[(channel * width)..<((channel + 1) * width)]
      let magnitudes = row.reduce(0) { $0 + Int($1.magnitude) }
      let largest = Double(magnitudes) * Double(inputs[0].span) + steps.magnitude
      rescales.append(try rescale(step / Double(output.scale), sumsWithin: largest))
      integers.append(Int32(steps))
    }
    return IntegerProducts(
      weights: weights, bias: integers, inputZero: inputs[0].zeroPoint, inputBounds: inputs[0].bounds,
      rescales: rescales,
      outputZero: output.zeroPoint, bounds: bounds)
  }
}
