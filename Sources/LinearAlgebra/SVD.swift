import CLAPACK
public import Tensors

/// The thin singular value decomposition of a matrix: `A = left · diag(values) · right`.
///
/// **Formula**: `A [m, n] = Σ_i σ_i u_i v_iᵀ` over i < k = min(m, n), with `σ_0 ≥ σ_1 ≥ … ≥ 0`, orthonormal
/// u_i and orthonormal v_i. The first r terms are the matrix of rank r that is nearest to A, at the squared
/// distance `Σ_{i ≥ r} σ_i²` (Eckart, Young, "The approximation of one matrix by another of lower rank",
/// 1936).
///
/// **Signs**: the sign of each pair of vectors is free. Here, the element of u_i with the largest magnitude
/// (the first of equal ones) is positive.
public struct SVD: Sendable, Equatable {
  /// The left singular vectors, one in each column: `[m, k]`.
  public let left: Tensor
  /// The singular values, descending.
  public let values: [Double]
  /// The right singular vectors, one in each row: `[k, n]`.
  public let right: Tensor

  /// Makes a decomposition from its parts, such as those of another one.
  public init(left: Tensor, values: [Double], right: Tensor) {
    (self.left, self.values, self.right) = (left, values, right)
  }
}

extension Tensor {
  /// The singular value decomposition of a `[rows, columns]` tensor, in double precision (LAPACK's dgesdd).
  ///
  /// Throws `LinearAlgebraError` for a tensor that is no matrix, for elements that are not finite, and
  /// without convergence.
  public func svd() throws(LinearAlgebraError) -> SVD {
    var matrix = try DoubleMatrix(self, operation: "svd")
    let count = min(matrix.rows, matrix.columns)
    var left = DoubleMatrix(rows: matrix.rows, columns: count)
    var right = DoubleMatrix(rows: count, columns: matrix.columns)
    var values = Array(repeating: Double(0), count: count)
    let (m, n, k) = (Int32(matrix.rows), Int32(matrix.columns), Int32(count))
    let status = unsafe LAPACKE_dgesdd(
      LAPACK_ROW_MAJOR, CChar(UInt8(ascii: "S")), m, n, &matrix.elements, n, &values, &left.elements, k,
      &right.elements, n)
    guard status == 0 else { throw .noConvergence(operation: "svd") }
    for index in 0..<count { fixSign(of: index, &left, &right) }
    return SVD(left: left.tensor, values: values, right: right.tensor)
  }

  /// Turns a pair of singular vectors so that the largest element of the left one is positive.
  private func fixSign(of index: Int, _ left: inout DoubleMatrix, _ right: inout DoubleMatrix) {
    var largest = 0.0
    for row in 0..<left.rows where abs(left[row, index]) > abs(largest) { largest = left[row, index] }
    guard largest < 0 else { return }
    for row in 0..<left.rows { left[row, index].negate() }
    for column in 0..<right.columns { right[index, column].negate() }
  }
}
