import Graphs
import Ops
import Tensors

/// What the filter methods ask of a convolution before they replace it.
struct ConvolutionTraits {
  let op: Conv2D
  /// Channels that it reads.
  let inputs: Int
  /// Whether it reads an input of the graph.
  let isFirst: Bool

  /// The traits of a node; `nil` for what is no convolution.
  init?(_ node: Node, in graph: Graph) {
    guard let op = node.op as? Conv2D, let shape = graph.inputShapes(of: node).first, shape.rank == 4 else {
      return nil
    }
    self.op = op
    inputs = shape[1]
    isFirst = node.inputs.contains { name in graph.inputs.contains { $0.name == name } }
  }

  /// Weights, without biases.
  var weights: Int { op.filters * (inputs / op.groups) * op.kernel.count }

  /// Why no filter method replaces it: it is grouped, 1x1 or, unless `firstToo`, the first; `nil` when one may.
  func refusal(firstToo: Bool) -> String? {
    if op.groups > 1 { return "it is a convolution of \(op.groups) groups already" }
    if op.kernel.count == 1 { return "its kernel is 1x1" }
    if isFirst, !firstToo { return "it is the first convolution; set first to replace it too" }
    return nil
  }
}
