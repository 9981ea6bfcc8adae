import Graphs

/// A value that was read but not made yet: what it becomes depends on the node that reads it.
///
/// A padding becomes part of the convolution that follows, a product with weights gets the bias that is added next. Whoever
/// knows nothing of this asks for the value itself, which some can give.
protocol ONNXPending {
  /// Makes the value, called `name`, or says why it cannot stand alone.
  func made(_ name: String, in network: inout ONNXNetworkBuilder) throws(ONNXRefusal) -> String
}

/// An activation that a later node may take in, and which else stands alone.
protocol ONNXPendingMap: ONNXPending {
  /// What it reads.
  var input: ViewedValue { get }
  /// The activation.
  var op: any Op { get }
}

extension ONNXPendingMap {
  func made(_ name: String, in network: inout ONNXNetworkBuilder) throws(ONNXRefusal) -> String {
    let value = try network.append(op, name: name, inputs: [input.value])
    return try ViewedValue(value: value, view: input.view).made(name + ".turned", in: &network)
  }
}
