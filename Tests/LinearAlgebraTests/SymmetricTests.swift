import LinearAlgebra
import Tensors
import TestSupport
import Testing

@Suite("Symmetric matrices")
struct SymmetricTests {
  private let rounding = 1e-6

  @Test("numpy's eigenvalues and vectors")
  func numpy() throws {
    // numpy.linalg.eigh of definiteMatrix, in descending order and with signs set by the rule.
    let eigen = try definiteMatrix.eigen()
    #expect(distance(eigen.values, [7.14799558, 2.84741991, 2.00458451]) < 1e-6)
    let vectors = [
      0.54871163, 0.75766383, 0.35335687, 0.72810195, -0.22539199, -0.64735307, 0.4108322, -0.61248998,
      0.67533172,
    ]
    #expect(distance(doubles(eigen.vectors), vectors) < rounding)
  }

  @Test("[[2, 1], [1, 2]] has the eigenvalues 3 and 1")
  func closedForm() throws {
    let eigen = try Tensor([2, 1, 1, 2], shape: [2, 2]).eigen()
    #expect(distance(eigen.values, [3, 1]) < 1e-12)
    #expect(
      distance(eigen.vectors.values.map { Double(abs($0)) }, Array(repeating: 0.5.squareRoot(), count: 4))
        < rounding)
  }

  @Test("the least eigenvalues of a Hilbert matrix are those of numpy in double precision")
  func hilbertMatrix() throws {
    let expected = [
      1.69593901, 2.98125212e-01, 2.62128477e-02, 1.46769192e-03, 5.43706697e-05, 1.29419664e-06,
      1.95290430e-08,
      1.13142113e-09,
    ]
    for (found, expected) in zip(try hilbert(8).eigen().values, expected) {
      #expect(abs(found - expected) < 1e-6 * expected + 1e-15)
    }
  }

  @Test("numpy's Cholesky factor and solution")
  func cholesky() throws {
    // numpy.linalg.cholesky and numpy.linalg.solve of definiteMatrix and (1, 2, 3).
    let cholesky = try definiteMatrix.cholesky()
    #expect(distance(doubles(cholesky.lower), [2, 0, 0, 1, 2, 0, 0.3, 0.6, 1.59687194]) < rounding)
    let solution = try cholesky.solve(Tensor([1, 2, 3], shape: [3, 1]))
    #expect(distance(doubles(solution), [0.0625, 0.09264706, 0.94117647]) < rounding)
  }

  @Test("the factor multiplies to the matrix, and its solution solves", arguments: [1, 2, 20])
  func reconstructs(order: Int) throws {
    let root = normal([order, order], seed: 9)
    var matrix = try root.multiplied(by: transpose(root))
    for index in 0..<order { matrix.values[index * (order + 1)] += 1 }
    let cholesky = try matrix.cholesky()
    let scale = matrix.values.reduce(0) { max($0, Double(abs($1))) }
    #expect(distance(product(cholesky.lower, transpose(cholesky.lower)), doubles(matrix)) < rounding * scale)
    let right = normal([order, 2], seed: 10)
    #expect(distance(product(matrix, try cholesky.solve(right)), doubles(right)) < 1e-4)
  }

  @Test("an indefinite matrix is refused with the minor that fails")
  func indefinite() {
    #expect(throws: LinearAlgebraError.notPositiveDefinite(order: 2)) {
      try Tensor([1, 2, 2, 1], shape: [2, 2]).cholesky()
    }
  }

  @Test("an asymmetric or oblong matrix and NaN are refused")
  func refuses() {
    #expect(throws: LinearAlgebraError.notSymmetric(operation: "eigen", row: 1, column: 0)) {
      try Tensor([1, 2, 3, 1], shape: [2, 2]).eigen()
    }
    #expect(throws: LinearAlgebraError.notFinite(operation: "cholesky")) {
      try Tensor([1, .nan, .nan, 1], shape: [2, 2]).cholesky()
    }
    #expect(
      errorMessage { _ = try Tensor(zeros: [2, 3]).eigen() } == "eigen: expected a square matrix, found 2x3")
  }
}
