import Graphs
import Ops
import Tensors

/// The facts about a convolution that filter methods need before they replace it.
struct ConvolutionTraits {
  let node: Node
  let op: Conv2D
  /// The value that the convolution reads.
  let input: String
  /// Channels of that value.
  let inputs: Int
  /// True if the convolution reads an input of the graph.
  let isFirst: Bool

  /// The traits of a node; `nil` if it is no convolution of planes.
  init?(_ node: Node, in graph: Graph) {
    guard let op = node.op as? Conv2D, let shape = graph.inputShapes(of: node).first, shape.rank == 4,
      let input = node.inputs.first
    else { return nil }
    (self.node, self.op, self.input) = (node, op, input)
    inputs = shape[1]
    isFirst = node.inputs.contains { name in graph.inputs.contains { $0.name == name } }
  }

  /// The number of weights, without biases.
  var weights: Int { op.filters * (inputs / op.groups) * op.kernel.count }

  /// A share of the layer's filters, rounded; at least 1.
  func filters(_ share: Double) -> Int { max(1, Int((share * Double(op.filters)).rounded())) }

  /// The reason why no filter method replaces the layer; `nil` if one may.
  ///
  ///  It is refused if it is grouped, if it is 1x1, and, unless `firstToo` is set, if it is the first.
  func refusal(firstToo: Bool) -> String? {
    if op.groups > 1 { return "it is a convolution of \(op.groups) groups already" }
    if op.kernel.count == 1 { return "its kernel is 1x1" }
    if isFirst, !firstToo { return "it is the first convolution; set first to replace it too" }
    return nil
  }

  /// The reason why a 1x1 of the same stride would make another plane; `nil` if it makes the same.
  var planeObstacle: String? {
    let keeps =
      op.window.isSymmetric && 2 * op.padding.height == op.dilation.height * (op.kernel.height - 1)
      && 2 * op.padding.width == op.dilation.width * (op.kernel.width - 1)
    let end = op.endPadding.map { " and \($0)" } ?? ""
    return keeps
      ? nil
      : "its padding of \(op.padding)\(end) does not keep the size of the plane, as a 1x1 convolution does"
  }
}
