import Encodings
import Graphs
import Ops
import Tensors

extension Linear: TFLiteNode {
  var readsAnyOrder: Bool { true }

  func refusal(_ node: Node, in graph: Graph, isInteger: Bool) -> String? {
    isInteger ? graph.integerWeightProblem(node) : nil
  }

  /// Writes a dense layer.
  ///
  /// With a scale for each output channel it is a convolution of one pixel, as not every version of the dense
  /// operator supports such scales.
  func write(_ node: Node, to builder: inout TFLiteBuilder) {
    let features = builder.graph.inputShapes(of: node)[0][1]
    let order = order(of: builder.interleavedOrder(of: node.inputs[0]), features: features)
    let isPerChannel =
      builder.isInteger
      && builder.graph[.weight, of: node.name]?.encoding.integerGrid.map { $0.scales.count > 1 }
        ?? false
    let input = builder.tensor(node.inputs[0])
    let (rows, columns) = (Int32(self.features), Int32(features))
    guard isPerChannel else {
      let constants = builder.weights(of: node, shape: [rows, columns], axis: 0, order: order, bias: bias)
      let target = builder.target(of: node)
      builder.call(.fullyConnected(target.activation), [input] + constants, to: target.tensor)
      return
    }
    let pixel = builder.reshaped(
      input, [1, 1, 1, columns], "\(node.name).pixel", builder.quantization(of: node.inputs[0]))
    let constants = builder.weights(
      of: node, shape: [rows, 1, 1, columns], axis: 0, order: order, bias: bias)
    let target = builder.target(of: node)
    let result = builder.temporary(
      "\(node.name).convolved", [1, 1, 1, rows], builder.quantization(of: target.value))
    let convolution = TFLiteOperation.convolution(stride: 1, dilation: 1, .valid, target.activation)
    builder.call(convolution, [pixel] + constants, to: result)
    let shape = builder.constant(integers: [1, rows], shape: [2], name: "\(node.name).shape")
    builder.call(.reshape, [result, shape], to: target.tensor)
  }

  /// The indices of `[outputs, inputs]`, with columns in the order of interleaved features.
  private func order(of interleaved: [Int]?, features: Int) -> [Int] {
    let columns = interleaved ?? Array(0..<features)
    return (0..<self.features).flatMap { row in columns.map { row * features + $0 } }
  }
}
