import CLAPACK
public import Tensors

extension Tensor {
  /// The matrix product `A [m, k] · B [k, n]`, summed in double precision.
  ///
  /// Throws `LinearAlgebraError` for tensors that are no matrices, for extents that do not fit, and for
  /// elements that are not finite.
  public func multiplied(by other: Tensor) throws(LinearAlgebraError) -> Tensor {
    let left = try DoubleMatrix(self, operation: "product")
    let right = try DoubleMatrix(other, operation: "product")
    guard left.columns == right.rows else {
      throw .shape(operation: "product", expected: "\(left.columns) rows", found: other.shape)
    }
    var product = DoubleMatrix(rows: left.rows, columns: right.columns)
    unsafe cblas_dgemm(
      CblasRowMajor, CblasNoTrans, CblasNoTrans, Int32(left.rows), Int32(right.columns), Int32(left.columns),
      1,
      left.elements, Int32(left.columns), right.elements, Int32(right.columns), 0, &product.elements,
      Int32(right.columns))
    return product.tensor
  }

  /// The tensor with its first two axes exchanged: `[a, b, …]` becomes `[b, a, …]`; for a matrix, the
  /// transpose.
  ///
  /// Throws `LinearAlgebraError` for fewer than two axes.
  public func exchangingLeadingAxes() throws(LinearAlgebraError) -> Tensor {
    guard shape.rank >= 2 else {
      throw .shape(operation: "transpose", expected: "two axes or more", found: shape)
    }
    let (first, second, inner) = (shape[0], shape[1], shape.spatialCount)
    var result: [Float] = []
    result.reserveCapacity(values.count)
    for b in 0..<second {
      for a in 0..<first {
        let start = (a * second + b) * inner
        result.append(contentsOf: values[start..<start + inner])
      }
    }
    return Tensor(result, shape: Shape([second, first] + shape.dimensions.dropFirst(2)))
  }
}
