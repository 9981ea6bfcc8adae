import Graphs
import Ops
import Tensors

/// What the filter methods ask of a convolution before they replace it.
struct ConvolutionTraits {
  let node: Node
  let op: Conv2D
  /// What it reads.
  let input: String
  /// Channels that it reads.
  let inputs: Int
  /// Whether it reads an input of the graph.
  let isFirst: Bool

  /// The traits of a node; `nil` for what is no convolution.
  init?(_ node: Node, in graph: Graph) {
    guard let op = node.op as? Conv2D, let shape = graph.inputShapes(of: node).first, shape.rank == 4,
      let input = node.inputs.first
    else { return nil }
    (self.node, self.op, self.input) = (node, op, input)
    inputs = shape[1]
    isFirst = node.inputs.contains { name in graph.inputs.contains { $0.name == name } }
  }

  /// Weights, without biases.
  var weights: Int { op.filters * (inputs / op.groups) * op.kernel.count }

  /// So many of its filters, rounded; at least 1.
  func filters(_ share: Double) -> Int { max(1, Int((share * Double(op.filters)).rounded())) }

  /// Why no filter method replaces it: it is grouped, 1x1 or, unless `firstToo`, the first; `nil` when one may.
  func refusal(firstToo: Bool) -> String? {
    if op.groups > 1 { return "it is a convolution of \(op.groups) groups already" }
    if op.kernel.count == 1 { return "its kernel is 1x1" }
    if isFirst, !firstToo { return "it is the first convolution; set first to replace it too" }
    return nil
  }

  /// Why a 1x1 of its stride does not make the plane that it makes; `nil` where it does.
  var planeObstacle: String? {
    let keeps =
      op.window.isSymmetric && 2 * op.padding.height == op.dilation.height * (op.kernel.height - 1)
      && 2 * op.padding.width == op.dilation.width * (op.kernel.width - 1)
    let end = op.endPadding.map { " and \($0)" } ?? ""
    return keeps ? nil : "its padding of \(op.padding)\(end) does not fit beside a 1x1 convolution"
  }
}
