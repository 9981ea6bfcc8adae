import Graphs
import Tensors

/// The reason why a node is not imported.
enum ONNXRefusal: Error {
  /// A feature that is not supported, in words.
  case because(String)
  /// A node that reads an output of a refused node; only that node is reported.
  case afterAnother
}

extension ONNXRefusal {
  /// The reason as text.
  var words: String {
    switch self {
    case .because(let reason): reason
    case .afterAnother: "it reads what is not made"
    }
  }

  /// The graph's refusal of an op that a node became.
  static func graph(_ error: GraphError) -> ONNXRefusal {
    if case .shape(_, let inputs, let error) = error {
      return .because("on \(inputs.map(\.description).joined(separator: " and ")): \(error)")
    }
    return .because("\(error)")
  }
}
