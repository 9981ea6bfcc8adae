import Graphs

/// An op that TensorFlow Lite has a form for.
protocol TFLiteNode: Op {
  /// Why a node of this op cannot be written; `nil` where it can.
  func refusal(_ node: Node, in graph: Graph, isInteger: Bool) -> String?
  /// Adds the calls that compute the node's value.
  func write(_ node: Node, to builder: inout TFLiteBuilder)
  /// Whether it reads features in whatever order they lie, as its weights are written in that order.
  var readsAnyOrder: Bool { get }
}

extension TFLiteNode {
  var readsAnyOrder: Bool { false }
  func refusal(_ node: Node, in graph: Graph, isInteger: Bool) -> String? { nil }
}

/// A clamp that operators do as they store.
protocol TFLiteClamp {
  /// As part of the operator before.
  var fused: TFLiteOperation.Activation { get }
  /// As an operator of its own.
  var alone: TFLiteOperation { get }
}
