import CLAPACK
public import Tensors

/// The solution of a least-squares problem, and the rank of its matrix.
public struct LeastSquares: Sendable, Equatable {
  /// The solution X `[n, k]`; of all minimizers, the one with the least norm.
  public let solution: Tensor
  /// The number of singular values of A that count.
  public let rank: Int
}

extension Tensor {
  /// The X that minimizes `‖A · X − right‖²` for this `A [m, n]` and `right [m, k]`.
  ///
  /// It is computed in double precision (LAPACK's dgelsd).
  ///
  /// Singular values of A up to `cutoff` times the largest count as zero, so dependent columns are no error:
  /// X is then the minimizer of least norm. The default is 32-bit rounding, as the elements are 32-bit
  /// floats.
  ///
  /// Throws `LinearAlgebraError` for tensors that are no matrices, for different numbers of rows, for
  /// elements that are not finite, and without convergence.
  public func leastSquares(
    _ right: Tensor, cutoff: Double = Double(Float.ulpOfOne)
  ) throws(LinearAlgebraError) -> LeastSquares {
    var matrix = try DoubleMatrix(self, operation: "least squares")
    let target = try DoubleMatrix(right, operation: "least squares")
    guard target.rows == matrix.rows else {
      throw .shape(operation: "least squares", expected: "\(matrix.rows) rows", found: right.shape)
    }
    let (unknowns, width) = (matrix.columns, target.columns)
    // dgelsd overwrites the right side with the solution, which may have more rows.
    var both = DoubleMatrix(rows: max(matrix.rows, unknowns), columns: width)
    both.elements.replaceSubrange(0..<target.elements.count, with: target.elements)
    var values = Array(repeating: Double(0), count: min(matrix.rows, unknowns))
    var rank = Int32(0)
    let status = unsafe LAPACKE_dgelsd(
      LAPACK_ROW_MAJOR, Int32(matrix.rows), Int32(unknowns), Int32(width), &matrix.elements, Int32(unknowns),
      &both.elements, Int32(width), &values, cutoff, &rank)
    guard status == 0 else { throw .noConvergence(operation: "least squares") }
    let solution = Tensor(
      both.elements.prefix(unknowns * width).map { Float($0) }, shape: [unknowns, width])
    return LeastSquares(solution: solution, rank: Int(rank))
  }
}
