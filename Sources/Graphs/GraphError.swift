public import Tensors

/// What can be wrong with a graph.
public enum GraphError: Error, Sendable, Equatable, CustomStringConvertible {
  case duplicateName(String)
  case unknownValue(node: String, value: String, suggestion: String?)
  case unknownOp(node: String, kind: String, suggestion: String?)
  case shape(node: String, inputs: [Shape], ShapeError)
  case missingParameter(String, expected: Shape)
  case parameterShape(String, expected: Shape, found: Shape)
  case strayParameter(String)
  case notFinite(parameter: String)
  case negative(parameter: String)
  case noOutputs
  case channels(value: String, reason: String)
  case valueEncoding(value: String, reason: String)
  case unknownEncoding(name: String, kind: String, suggestion: String?)

  /// *where: what, expected, found; what to do*.
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
