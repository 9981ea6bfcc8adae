import CLAPACK
public import Tensors

/// The Cholesky factor of a symmetric positive definite matrix: `A = L · Lᵀ`, L lower triangular.
public struct Cholesky: Sendable {
  private let factor: DoubleMatrix

  /// The factor L, `[n, n]`, with zeros above the diagonal.
  public var lower: Tensor { factor.tensor }

  init(_ factor: DoubleMatrix) { self.factor = factor }

  /// The solution X `[n, k]` of `A · X = right [n, k]`, in double precision (LAPACK's dpotrs).
  public func solve(_ right: Tensor) throws(LinearAlgebraError) -> Tensor {
    var solution = try DoubleMatrix(right, operation: "cholesky")
    guard solution.rows == factor.rows else {
      throw .shape(operation: "cholesky", expected: "\(factor.rows) rows", found: right.shape)
    }
    var elements = factor.elements
    let status = unsafe LAPACKE_dpotrs(
      LAPACK_ROW_MAJOR, CChar(UInt8(ascii: "L")), Int32(factor.rows), Int32(solution.columns), &elements,
      Int32(factor.rows), &solution.elements, Int32(solution.columns))
    guard status == 0, solution.elements.allSatisfy(\.isFinite) else {
      throw .noConvergence(operation: "cholesky")
    }
    return solution.tensor
  }
}

extension Tensor {
  /// The Cholesky factor of a symmetric positive definite `[n, n]` tensor, in double precision (LAPACK's
  /// dpotrf).
  ///
  /// Throws `LinearAlgebraError` for a tensor that is no square matrix, not symmetric within 32-bit rounding
  /// or not positive definite, and for elements that are not finite.
  public func cholesky() throws(LinearAlgebraError) -> Cholesky {
    var matrix = try DoubleMatrix(self, operation: "cholesky")
    try matrix.requireSquare(operation: "cholesky")
    try matrix.symmetrize(operation: "cholesky")
    let order = matrix.rows
    let status = unsafe LAPACKE_dpotrf(
      LAPACK_ROW_MAJOR, CChar(UInt8(ascii: "L")), Int32(order), &matrix.elements, Int32(order))
    guard status == 0 else { throw .notPositiveDefinite(order: Int(status)) }
    for row in 0..<order {
      for column in (row + 1)..<max(order, row + 1) { matrix[row, column] = 0 }
    }
    return Cholesky(matrix)
  }
}
