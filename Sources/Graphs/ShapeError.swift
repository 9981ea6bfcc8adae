public import Tensors

/// An op's refusal of its settings or input shapes; the graph adds the node.
public enum ShapeError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The op takes another number of inputs.
  case wrongInputCount(op: String, expected: String, found: Int)
  /// An input has another number of axes than the op takes.
  case wrongRank(op: String, expected: String, found: Shape)
  /// Two shapes do not fit each other.
  case mismatch(op: String, what: String, first: Shape, second: Shape)
  /// The input is smaller than the kernel.
  case tooSmall(op: String, what: String, input: Shape, kernel: Shape)
  /// A value or parameter has more than `Graph.maximumElements` elements.
  case tooLarge(op: String, shape: Shape)
  /// The graph's multiply-adds exceed the range of `Int`.
  case tooCostly(op: String, multiplyAdds: Int)
  /// A value has an axis without elements.
  case empty(op: String, shape: Shape)
  /// A setting is out of range or contradicts another.
  case invalidSetting(op: String, reason: String)

  /// The message: the problem, what was expected and what was found.
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
