import LinearAlgebra
import Tensors
import TestSupport
import Testing

@Suite("Singular value decomposition")
struct SVDTests {
  /// The tolerance: results are rounded to 32-bit floats, whose unit roundoff is 6e-8.
  private let rounding = 1e-6

  @Test("numpy's values and, under the rule of signs, its vectors")
  func numpy() throws {
    // numpy.linalg.svd(…, full_matrices=False) of tallMatrix, with the signs of each pair set by the rule.
    let svd = try tallMatrix.svd()
    #expect(distance(svd.values, [17.45392519, 2.13641942, 0.21495965]) < 1e-8)
    let left = [
      0.20920982, 0.38143994, 0.21929183, 0.50264296, -0.024928, 0.80588609, 0.83593098, -0.15596718,
      -0.52620684,
      0.06928712, 0.91079987, -0.15989081,
    ]
    let right = [
      0.45846486, 0.5530977, 0.69562411, -0.80547957, -0.07212893, 0.58821771, -0.37551648, 0.82998817,
      -0.41244032,
    ]
    #expect(distance(doubles(svd.left), left) < rounding)
    #expect(distance(doubles(svd.right), right) < rounding)
  }

  @Test(
    "the factors multiply to the matrix and are orthonormal",
    arguments: [[5, 5], [3, 9], [9, 3], [1, 7], [7, 1]])
  func reconstructs(extents: [Int]) throws {
    let matrix = normal(Shape(extents), seed: 3)
    let svd = try matrix.svd()
    let count = svd.values.count
    var scaled = svd.left
    for index in scaled.values.indices { scaled.values[index] *= Float(svd.values[index % count]) }
    #expect(distance(product(scaled, svd.right), doubles(matrix)) < 10 * rounding)
    #expect(distance(product(transpose(svd.left), svd.left), identity(count)) < rounding)
    #expect(distance(product(svd.right, transpose(svd.right)), identity(count)) < rounding)
    #expect(svd.values == svd.values.sorted(by: >))
  }

  @Test("a diagonal matrix gives its magnitudes, sorted")
  func diagonal() throws {
    let svd = try Tensor([2, 0, 0, 0, -5, 0, 0, 0, 1], shape: [3, 3]).svd()
    #expect(distance(svd.values, [5, 2, 1]) < 1e-12)
    #expect(svd.left.values == [0, 1, 0, 1, 0, 0, 0, 0, 1])
    #expect(svd.right.values == [0, -1, 0, 1, 0, 0, 0, 0, 1])
  }

  @Test("the small values of a Hilbert matrix are those of numpy in double precision")
  func hilbertMatrix() throws {
    // numpy.linalg.svd in float64 of the 8x8 matrix of float32 reciprocals.
    let expected = [
      1.69593901, 2.98125212e-01, 2.62128477e-02, 1.46769192e-03, 5.43706697e-05, 1.29419664e-06,
      1.95290431e-08,
      1.13142113e-09,
    ]
    for (found, expected) in zip(try hilbert(8).svd().values, expected) {
      #expect(abs(found - expected) < 1e-6 * expected + 1e-15)
    }
  }

  @Test("a matrix of zeros has zero values and still orthonormal vectors")
  func zeros() throws {
    let svd = try Tensor(zeros: [3, 2]).svd()
    #expect(svd.values == [0, 0])
    #expect(distance(product(transpose(svd.left), svd.left), identity(2)) < rounding)
  }

  @Test(
    "what is not finite or no matrix is refused before LAPACK", arguments: [Float.nan, .infinity, -.infinity])
  func refuses(value: Float) {
    #expect(throws: LinearAlgebraError.notFinite(operation: "svd")) {
      try Tensor([1, 2, value, 4], shape: [2, 2]).svd()
    }
    #expect(
      errorMessage { _ = try Tensor(zeros: [2, 2, 1]).svd() }
        == "svd: expected a matrix of rows x columns, found 2x2x1")
    #expect(
      errorMessage { _ = try Tensor(zeros: [0, 2]).svd() }
        == "svd: expected a matrix of rows x columns, found 0x2")
  }
}
