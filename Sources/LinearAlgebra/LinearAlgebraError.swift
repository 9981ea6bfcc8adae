public import Tensors

/// The reason for which a decomposition failed.
public enum LinearAlgebraError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The operand has the wrong axes or extents.
  case shape(operation: String, expected: String, found: Shape)
  /// An element is not finite.
  case notFinite(operation: String)
  /// The matrix differs from its transpose by more than rounding.
  case notSymmetric(operation: String, row: Int, column: Int)
  /// The iteration did not converge.
  case noConvergence(operation: String)
  /// The matrix is not positive definite; `order` is that of the leading minor that is not positive.
  case notPositiveDefinite(order: Int)

  /// The message: the operation and the reason.
  public var description: String {
    switch self {
    case .shape(let operation, let expected, let found):
      "\(operation): expected \(expected), found \(found)"
    case .notFinite(let operation): "\(operation): an element is not finite"
    case .notSymmetric(let operation, let row, let column):
      "\(operation): the elements (\(row), \(column)) and (\(column), \(row)) differ"
    case .noConvergence(let operation): "\(operation): the iteration did not converge"
    case .notPositiveDefinite(let order): "cholesky: the leading minor of order \(order) is not positive"
    }
  }
}
