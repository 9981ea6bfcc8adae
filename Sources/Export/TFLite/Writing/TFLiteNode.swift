import Graphs

/// An op with a form in TensorFlow Lite.
protocol TFLiteNode: Op {
  /// The reason why a node of this op cannot be written; `nil` where it can.
  func refusal(_ node: Node, in graph: Graph, isInteger: Bool) -> String?
  /// Appends the calls that compute the node's value.
  func write(_ node: Node, to builder: inout TFLiteBuilder)
  /// True if it accepts features in any order, because its weights are written in that order.
  var readsAnyOrder: Bool { get }
}

extension TFLiteNode {
  var readsAnyOrder: Bool { false }
  func refusal(_ node: Node, in graph: Graph, isInteger: Bool) -> String? { nil }
}

/// A clamp that operators can apply to their results.
protocol TFLiteClamp {
  /// The clamp as an activation of the operator before.
  var fused: TFLiteOperation.Activation { get }
  /// The clamp as a separate operator.
  var alone: TFLiteOperation { get }
}
