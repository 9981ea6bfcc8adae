import Graphs
import Ops
import Tensors

extension Conv2D: TFLiteNode {
  func refusal(_ node: Node, in graph: Graph, isInteger: Bool) -> String? {
    isInteger ? graph.integerWeightProblem(node) : nil
  }

  /// Writes a convolution, or a depthwise one where each group has one channel.
  ///
  /// Padding other than none and TensorFlow's "same" becomes a separate operator.
  func write(_ node: Node, to builder: inout TFLiteBuilder) {
    let shape = builder.graph.inputShapes(of: node)[0]
    let window = TFLiteWindow(input: shape, self.window)
    let input = window.padded(node.inputs[0], by: .zero, in: &builder)
    let isDepthwise = groups > 1 && groups == shape[1]
    let constants =
      isDepthwise
      ? builder.weights(
        of: node, shape: [1, Int32(kernel.height), Int32(kernel.width), Int32(filters)], axis: 3,
        order: channelsLast, bias: bias)
      : builder.weights(
        of: node,
        shape: [Int32(filters), Int32(kernel.height), Int32(kernel.width), Int32(shape[1] / groups)], axis: 0,
        order: filtersFirst(channels: shape[1] / groups), bias: bias)
    let target = builder.target(of: node)
    let operation: TFLiteOperation =
      isDepthwise
      ? .depthwiseConvolution(
        multiplier: filters / groups, stride: stride, dilation: dilation, window.mode, target.activation)
      : .convolution(stride: stride, dilation: dilation, window.mode, target.activation)
    builder.call(operation, [input] + constants, to: target.tensor)
  }

  /// The indices of `[filters, channels, rows, columns]` in the order of
  /// `[filters, rows, columns, channels]`.
  private func filtersFirst(channels: Int) -> [Int] {
    let plane = kernel.count
    return (0..<filters).flatMap { filter in
      (0..<plane).flatMap { place in (0..<channels).map { (filter * channels + $0) * plane + place } }
    }
  }

  /// The indices of `[filters, 1, rows, columns]` in the order of `[rows, columns, filters]`.
  private var channelsLast: [Int] {
    (0..<kernel.count).flatMap { place in (0..<filters).map { $0 * kernel.count + place } }
  }
}
