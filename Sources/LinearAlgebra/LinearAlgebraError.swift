/// Why a decomposition failed.
public enum LinearAlgebraError: Error, Sendable, Equatable, CustomStringConvertible {
  /// An element is not finite.
  case notFinite(operation: String)
  /// The iteration did not converge.
  case noConvergence(operation: String)
  /// The matrix is not positive definite; the order of the leading minor that is not.
  case notPositiveDefinite(order: Int)

  /// What failed and why.
  public var description: String {
    switch self {
    case .notFinite(let operation): "\(operation): an element is not finite"
    case .noConvergence(let operation): "\(operation): the iteration did not converge"
    case .notPositiveDefinite(let order): "cholesky: the leading minor of order \(order) is not positive"
    }
  }
}
