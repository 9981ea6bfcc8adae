import Graphs

/// A value that was read but is not made yet, because its form depends on the node that reads it.
///
/// A padding becomes part of the next convolution; a product with weights receives the bias that is added
/// next. Other readers ask for the value itself, which not all pending values can make.
protocol ONNXPending {
  /// Makes the value under a name; throws if it cannot stand alone.
  func made(_ name: String, in network: inout ONNXNetworkBuilder) throws(ONNXRefusal) -> String
}

/// An activation that a later node may include, and that stands alone otherwise.
protocol ONNXPendingMap: ONNXPending {
  /// The input.
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
