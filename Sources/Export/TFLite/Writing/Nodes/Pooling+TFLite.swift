import Graphs
import Ops
import Tensors

extension MaxPool: TFLiteNode {
  func write(_ node: Node, to builder: inout TFLiteBuilder) {
    let stride = stride ?? kernel
    let window = TFLiteWindow(input: builder.graph.inputShapes(of: node)[0], self.window)
    let input = window.padded(node.inputs[0], by: .least, in: &builder)
    builder.call(
      .maxPool(kernel: kernel, stride: stride, window.mode), [input], to: builder.define(node.name))
  }
}

extension AveragePool: TFLiteNode {
  func refusal(_ node: Node, in graph: Graph, isInteger: Bool) -> String? {
    let mode = TFLiteWindow(input: graph.inputShapes(of: node)[0], self.window).mode
    return window.isPadded && !countsPadding && mode != .same
      ? "a mean without its padding has a form only where the padding is TensorFlow's \"same\"" : nil
  }

  /// Writes a mean over windows.
  ///
  /// The operator leaves padding out, so padding that counts becomes a separate operator. It also keeps its
  /// input's grid. So in integers, where all windows have the same number of elements, the mean is a
  /// depthwise convolution by equal weights, which rounds once to the grid of the result.
  func write(_ node: Node, to builder: inout TFLiteBuilder) {
    let stride = stride ?? kernel
    let shape = builder.graph.inputShapes(of: node)[0]
    let isOutside = self.window.isPadded
    let window = TFLiteWindow(input: shape, self.window)
    let isPadded = isOutside && countsPadding
    if builder.isInteger, !isOutside || countsPadding {
      let input = window.padded(node.inputs[0], by: .zero, in: &builder)
      writeEqualWeights(node, input, channels: shape[1], window.mode, to: &builder)
      return
    }
    let input =
      isPadded
      ? window.paddedAlways(node.inputs[0], in: &builder)
      : window.padded(node.inputs[0], by: .zero, in: &builder)
    let operation = TFLiteOperation.averagePool(
      kernel: kernel, stride: stride, isPadded ? .valid : window.mode, .none)
    guard builder.isInteger else {
      builder.call(operation, [input], for: node)
      return
    }
    let extents = TFLiteBuilder.shape(builder.graph.shape(of: node.name) ?? [])
    let mean = builder.temporary(
      "\(node.name).mean", extents, builder.quantization(of: node.inputs[0]))
    builder.call(operation, [input], to: mean)
    builder.call(.requantize, [mean], for: node)
  }

  private func writeEqualWeights(
    _ node: Node, _ input: Int32, channels: Int, _ mode: TFLiteOperation.Padding,
    to builder: inout TFLiteBuilder
  ) {
    let scale = 1 / Float(Int(Int8.max) * kernel.count)
    let step = scale * (builder.quantization(of: node.inputs[0])?.scales[0] ?? 1)
    let weights = builder.constant(
      Array(repeating: Int8.max, count: kernel.count * channels),
      shape: [1, Int32(kernel.height), Int32(kernel.width), Int32(channels)], name: "\(node.name).weights",
      TFLiteModel.Quantization(scales: [scale], zeroPoints: [0]))
    let bias = builder.constant(
      Array(repeating: Int32(0), count: channels), shape: [Int32(channels)],
      name: "\(node.name).bias",
      TFLiteModel.Quantization(scales: [step], zeroPoints: [0]))
    let target = builder.target(of: node)
    let operation = TFLiteOperation.depthwiseConvolution(
      multiplier: 1, stride: stride ?? kernel, dilation: 1, mode, target.activation)
    builder.call(operation, [input, weights, bias], to: target.tensor)
  }
}

extension GlobalAveragePool: TFLiteNode {
  func write(_ node: Node, to builder: inout TFLiteBuilder) {
    let axes = builder.constant(integers: [1, 2], shape: [2], name: "\(node.name).axes")
    builder.call(.mean, [builder.tensor(node.inputs[0]), axes], for: node)
  }
}
