import Graphs
import Ops
import Tensors

extension Concat: TFLiteNode {
  /// Concatenates along channels, which are last.
  ///
  /// Quantized inputs are first brought to the grid of the result, as the operator copies bytes.
  func write(_ node: Node, to builder: inout TFLiteBuilder) {
    let quantization = builder.quantization(of: builder.storedName(of: node))
    let inputs = node.inputs.map {
      builder.requantized(builder.tensor($0), to: quantization, name: "\($0).\(node.name)")
    }
    let rank = builder.graph.shape(of: node.name)?.rank ?? 2
    builder.call(.concatenation(axis: rank - 1), inputs, for: node)
  }
}
