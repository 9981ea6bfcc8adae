import LinearAlgebra
import Tensors
import TestSupport
import Testing

@Suite("Least squares and products")
struct LeastSquaresTests {
  private let rounding = 1e-6

  @Test("numpy's solution of more equations than unknowns")
  func numpy() throws {
    // numpy.linalg.lstsq of tallMatrix and (1, 2, 3, -1).
    let result = try tallMatrix.leastSquares(Tensor([1, 2, 3, -1], shape: [4, 1]))
    #expect(distance(doubles(result.solution), [-0.22957198, 1.74319066, -0.93385214]) < rounding)
    #expect(result.rank == 3)
  }

  @Test("columns that depend on one another give the solution of least norm")
  func deficient() throws {
    // numpy.linalg.lstsq of the matrix and (1, 2, 4): rank 2.
    let matrix = Tensor([1, 2, 2, 3, 4, 4, 5, 6, 6], shape: [3, 3])
    let result = try matrix.leastSquares(Tensor([1, 2, 4], shape: [3, 1]))
    #expect(distance(doubles(result.solution), [2.0 / 3, 1.0 / 24, 1.0 / 24]) < rounding)
    #expect(result.rank == 2)
  }

  @Test("fewer equations than unknowns: 3x + 4y = 10 gives (1.2, 1.6)")
  func underdetermined() throws {
    let result = try Tensor([3, 4], shape: [1, 2]).leastSquares(Tensor([10], shape: [1, 1]))
    #expect(distance(doubles(result.solution), [1.2, 1.6]) < rounding)
  }

  @Test("the residual is orthogonal to the columns")
  func orthogonality() throws {
    let (matrix, right) = (normal([12, 4], seed: 1), normal([12, 3], seed: 2))
    let solution = try matrix.leastSquares(right).solution
    let residual = zip(product(matrix, solution), right.values).map { Float(Double($1) - $0) }
    let projections = product(transpose(matrix), Tensor(residual, shape: right.shape))
    #expect(distance(projections, Array(repeating: 0, count: projections.count)) < 10 * rounding)
  }

  @Test("sides that do not meet and NaN are refused")
  func refuses() {
    #expect(
      errorMessage { _ = try tallMatrix.leastSquares(Tensor(zeros: [3, 1])) }
        == "least squares: expected 4 rows, found 3x1")
    #expect(throws: LinearAlgebraError.notFinite(operation: "least squares")) {
      try tallMatrix.leastSquares(Tensor([1, 2, .nan, 4], shape: [4, 1]))
    }
    #expect(
      errorMessage { _ = try tallMatrix.multiplied(by: tallMatrix) } == "product: expected 3 rows, found 4x3")
  }

  @Test("the product is the sum of products, and leading axes are exchanged")
  func products() throws {
    let (a, b) = (normal([4, 6], seed: 5), normal([6, 3], seed: 6))
    #expect(distance(doubles(try a.multiplied(by: b)), product(a, b)) < rounding)
    #expect(try a.exchangingLeadingAxes() == transpose(a))
    let cube = Tensor([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], shape: [3, 2, 2])
    #expect(
      try cube.exchangingLeadingAxes() == Tensor([1, 2, 5, 6, 9, 10, 3, 4, 7, 8, 11, 12], shape: [2, 3, 2]))
  }
}
