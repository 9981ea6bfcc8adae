import Graphs
import Tensors

/// Why a node is not imported.
enum ONNXRefusal: Error {
  /// What of it is not supported, in words.
  case because(String)
  /// It reads what a refused node would have made; only that one is told.
  case afterAnother
}

extension ONNXRefusal {
  /// What is not supported.
  var words: String {
    switch self {
    case .because(let reason): reason
    case .afterAnother: "it reads what is not made"
    }
  }

  /// A graph's refusal of what a node became.
  static func graph(_ error: GraphError) -> ONNXRefusal {
    if case .shape(_, let inputs, let error) = error {
      return .because("on \(inputs.map(\.description).joined(separator: " and ")): \(error)")
    }
    return .because("\(error)")
  }
}
