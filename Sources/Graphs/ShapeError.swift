public import Tensors

/// Why an op refuses its settings or input shapes; the graph adds which node.
public enum ShapeError: Error, Sendable, Equatable, CustomStringConvertible {
  case wrongInputCount(op: String, expected: String, found: Int)
  case wrongRank(op: String, expected: String, found: Shape)
  case mismatch(op: String, what: String, first: Shape, second: Shape)
  case tooSmall(op: String, what: String, input: Shape, kernel: Shape)
  case tooLarge(op: String, shape: Shape)
  case tooCostly(op: String, multiplyAdds: Int)
  case empty(op: String, shape: Shape)
  case invalidSetting(op: String, reason: String)

  /// What, expected and found.
  public var description: String {
    switch self {
    case .wrongInputCount(let op, let expected, let found):
      "\(op) takes \(expected), found \(found)"
    case .wrongRank(let op, let expected, let found):
      "\(op) takes \(expected), found \(found)"
    case .mismatch(let op, let what, let first, let second):
      "\(op): \(what): \(first) and \(second) do not fit"
    case .tooSmall(let op, let what, let input, let kernel):
      "\(op): \(what): \(kernel) does not fit into \(input)"
    case .tooLarge(let op, let shape):
      "\(op): a value of \(shape) is larger than \(Graph.maximumElements) elements"
    case .tooCostly(let op, let multiplyAdds):
      "\(op): \(multiplyAdds) multiply-adds more than the graph has already cannot be counted"
    case .empty(let op, let shape):
      "\(op): a value of \(shape) has an axis without elements"
    case .invalidSetting(let op, let reason):
      "\(op): \(reason)"
    }
  }
}
