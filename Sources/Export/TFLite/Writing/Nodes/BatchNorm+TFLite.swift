import Execution
import Graphs
import Ops
import Tensors

extension BatchNorm: TFLiteNode {
  /// Writes a product and a sum for each channel, or in integers a depthwise convolution of one element.
  func write(_ node: Node, to builder: inout TFLiteBuilder) {
    guard !builder.isInteger else { return writeDepthwise(node, to: &builder) }
    func values(_ role: ParameterRole) -> [Float] {
      builder.graph[role, of: node.name]?.projected.values ?? []
    }
    let factors = zip(values(.scale), values(.variance)).map { $0 / ($1 + epsilon).squareRoot() }
    let terms = zip(values(.shift), zip(values(.mean), factors)).map { $0 - $1.0 * $1.1 }
    let channels = [Int32(factors.count)]
    let factor = builder.constant(reals: factors, shape: channels, name: "\(node.name).factor")
    let term = builder.constant(reals: terms, shape: channels, name: "\(node.name).term")
    let shape = TFLiteBuilder.shape(builder.graph.shape(of: node.name) ?? [])
    let scaled = builder.temporary("\(node.name).scaled", shape, nil)
    builder.call(.multiply(.none), [builder.tensor(node.inputs[0]), factor], to: scaled)
    let target = builder.target(of: node)
    builder.call(.add(target.activation), [scaled, term], to: target.tensor)
  }

  private func writeDepthwise(_ node: Node, to builder: inout TFLiteBuilder) {
    let slots = builder.graph.slots(of: node)
    let parameters = Dictionary(
      uniqueKeysWithValues: slots.compactMap { name, slot in
        builder.graph.parameters[name].map { (slot.role, $0) }
      })
    let read = builder.quantization(of: node.inputs[0])
    let inputScale = read?.scales[0] ?? 1
    let (weights, exact, offsets) = depthwiseIntegers(parameters, inputScale: inputScale)
    // A channel that is constantly zero has scale 0, which the format does not allow.
    let scales = exact.map { max(Float($0), .leastNormalMagnitude) }
    let steps = scales.map { $0 * inputScale }
    let bias = zip(offsets, steps).map { offset, step in
      Int32(clamping: Int((offset / Double(max(step, .leastNormalMagnitude))).rounded(.toNearestOrEven)))
    }
    let channels = Int32(weights.count)
    let zeros = scales.map { _ in Int64(0) }
    let constants = [
      builder.constant(
        weights, shape: [1, 1, 1, channels], name: "\(node.name).factor",
        TFLiteModel.Quantization(scales: scales, zeroPoints: zeros, axis: 3)),
      builder.constant(
        bias, shape: [channels], name: "\(node.name).term",
        TFLiteModel.Quantization(scales: steps, zeroPoints: zeros)),
    ]
    let target = builder.target(of: node)
    let operation = TFLiteOperation.depthwiseConvolution(
      multiplier: 1, stride: 1, dilation: 1, .valid, target.activation)
    let input = builder.tensor(node.inputs[0])
    guard builder.graph.shape(of: node.name)?.rank == 2 else {
      builder.call(operation, [input] + constants, to: target.tensor)
      return
    }
    // Features are an image of one pixel.
    let pixel: [Int32] = [1, 1, 1, channels]
    let planes = builder.reshaped(input, pixel, "\(node.name).pixel", read)
    let result = builder.temporary("\(node.name).scaled", pixel, builder.quantization(of: target.value))
    builder.call(operation, [planes] + constants, to: result)
    let shape = builder.constant(integers: [1, channels], shape: [2], name: "\(node.name).shape")
    builder.call(.reshape, [result, shape], to: target.tensor)
  }
}
