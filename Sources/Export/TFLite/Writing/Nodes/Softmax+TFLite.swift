import Graphs
import Ops

extension Softmax: TFLiteNode {
  func refusal(_ node: Node, in graph: Graph, isInteger: Bool) -> String? {
    isInteger && !graph.outputs.contains(node.name)
      ? "softmax in the middle of a network of integers has no common form" : nil
  }

  /// Softmax over channels, which are last; in integers it is left out, as logits have the same order.
  func write(_ node: Node, to builder: inout TFLiteBuilder) {
    if builder.isInteger {
      builder.alias(node.name, to: node.inputs[0])
    } else {
      builder.call(.softmax, [builder.tensor(node.inputs[0])], for: node)
    }
  }
}
