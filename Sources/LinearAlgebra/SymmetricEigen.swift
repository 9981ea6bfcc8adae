import CLAPACK
public import Tensors

/// The eigenvalues and eigenvectors of a symmetric matrix: `A = Σ_i λ_i v_i v_iᵀ`.
///
/// The sign of each vector is free. Here, the element with the largest magnitude (the first of equal ones) is
/// positive.
public struct SymmetricEigen: Sendable, Equatable {
  /// The eigenvalues, descending.
  public let values: [Double]
  /// The orthonormal eigenvectors, one in each row, in the order of the values: `[n, n]`.
  public let vectors: Tensor
}

extension Tensor {
  /// The eigenvalues and eigenvectors of a symmetric `[n, n]` tensor, in double precision (LAPACK's dsyevd).
  ///
  /// Throws `LinearAlgebraError` for a tensor that is no square matrix or not symmetric within 32-bit
  /// rounding, for elements that are not finite, and without convergence.
  public func eigen() throws(LinearAlgebraError) -> SymmetricEigen {
    var matrix = try DoubleMatrix(self, operation: "eigen")
    try matrix.requireSquare(operation: "eigen")
    try matrix.symmetrize(operation: "eigen")
    let order = matrix.rows
    var ascending = Array(repeating: Double(0), count: order)
    let status = unsafe LAPACKE_dsyevd(
      LAPACK_ROW_MAJOR, CChar(UInt8(ascii: "V")), CChar(UInt8(ascii: "L")), Int32(order), &matrix.elements,
      Int32(order), &ascending)
    guard status == 0 else { throw .noConvergence(operation: "eigen") }
    var vectors = DoubleMatrix(rows: order, columns: order)
    for index in 0..<order {
      let column = order - 1 - index
      var largest = 0.0
      for row in 0..<order where abs(matrix[row, column]) > abs(largest) { largest = matrix[row, column] }
      for row in 0..<order { vectors[index, row] = largest < 0 ? -matrix[row, column] : matrix[row, column] }
    }
    return SymmetricEigen(values: ascending.reversed(), vectors: vectors.tensor)
  }
}
