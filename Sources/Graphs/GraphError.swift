public import Tensors

/// An error in a graph.
public enum GraphError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Two values have the same name.
  case duplicateName(String)
  /// A node reads a value that no earlier node makes.
  case unknownValue(node: String, value: String, suggestion: String?)
  /// No op has this kind.
  case unknownOp(node: String, kind: String, suggestion: String?)
  /// An op refuses its settings or input shapes.
  case shape(node: String, inputs: [Shape], ShapeError)
  /// A parameter is missing.
  case missingParameter(String, expected: Shape)
  /// A parameter has another shape than its slot.
  case parameterShape(String, expected: Shape, found: Shape)
  /// A parameter belongs to no node.
  case strayParameter(String)
  /// A parameter holds an infinity or a NaN.
  case notFinite(parameter: String)
  /// A parameter that must be 0 or more holds a negative element.
  case negative(parameter: String)
  /// The graph has no outputs.
  case noOutputs
  /// Channels cannot be removed.
  case channels(value: String, reason: String)
  /// The encoding of a value is invalid.
  case valueEncoding(value: String, reason: String)
  /// No encoding that the file may hold has this kind.
  case unknownEncoding(name: String, kind: String, suggestion: String?)

  /// The message in the form *where: what, expected, found; what to do*.
  public var description: String {
    switch self {
    case .duplicateName(let name):
      "\(name): two values have this name; rename one"
    case .unknownValue(let node, let value, let suggestion):
      "\(node): reads \"\(value)\", which no earlier node makes"
        + (suggestion.map { "; did you mean \"\($0)\"?" } ?? "")
    case .unknownOp(let node, let kind, let suggestion):
      "\(node): \"\(kind)\" is not an op" + (suggestion.map { "; did you mean \"\($0)\"?" } ?? "")
    case .shape(let node, let inputs, let error):
      "\(node) on \(inputs.map(\.description).joined(separator: " and ")): \(error)"
    case .missingParameter(let name, let expected):
      "\(name): missing, expected \(expected)"
    case .parameterShape(let name, let expected, let found):
      "\(name): expected \(expected), found \(found)"
    case .strayParameter(let name):
      "\(name): belongs to no node of the graph"
    case .notFinite(let parameter):
      "\(parameter): holds a value that is not finite"
    case .negative(let parameter):
      "\(parameter): holds a negative value, expected 0 or more"
    case .noOutputs:
      "the graph has no outputs"
    case .channels(let value, let reason):
      "\(value): its channels cannot be removed: \(reason)"
    case .valueEncoding(let value, let reason):
      "\(value): its encoding makes no sense: \(reason)"
    case .unknownEncoding(let name, let kind, let suggestion):
      "\(name): \"\(kind)\" is not an encoding"
        + (suggestion.map { "; did you mean \"\($0)\"?" } ?? " that this file may hold")
    }
  }
}
