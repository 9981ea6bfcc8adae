import CLAPACK
import Tensors

/// A matrix in double precision, row-major, as LAPACK reads it; its elements are finite.
struct DoubleMatrix {
  let rows: Int
  let columns: Int
  var elements: [Double]

  /// Limits OpenBLAS to one thread, once, before the first call to it.
  private static let isSingleThreaded: Bool = {
    condense_single_threaded_blas()
    return true
  }()

  /// Takes the elements of a `[rows, columns]` tensor.
  ///
  /// Refuses other ranks, empty axes and elements that are not finite.
  init(_ tensor: Tensor, operation: String) throws(LinearAlgebraError) {
    guard tensor.shape.rank == 2, tensor.shape.count > 0 else {
      throw .shape(operation: operation, expected: "a matrix of rows x columns", found: tensor.shape)
    }
    guard tensor.values.allSatisfy(\.isFinite) else { throw .notFinite(operation: operation) }
    precondition(Self.isSingleThreaded)
    rows = tensor.shape[0]
    columns = tensor.shape[1]
    elements = tensor.values.map(Double.init)
  }

  /// Makes a matrix of zeros for a result.
  init(rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
    elements = Array(repeating: 0, count: rows * columns)
  }

  subscript(row: Int, column: Int) -> Double {
    get { elements[row * columns + column] }
    set { elements[row * columns + column] = newValue }
  }

  /// The matrix in 32-bit floats.
  var tensor: Tensor { Tensor(elements.map { Float($0) }, shape: [rows, columns]) }

  /// Refuses matrices that are not square.
  func requireSquare(operation: String) throws(LinearAlgebraError) {
    guard rows == columns else {
      throw .shape(operation: operation, expected: "a square matrix", found: [rows, columns])
    }
  }

  /// Replaces a matrix by the mean of it and its transpose.
  ///
  /// Refuses a matrix that is not symmetric within 32-bit rounding of its largest element.
  mutating func symmetrize(operation: String) throws(LinearAlgebraError) {
    let largest = elements.reduce(0) { max($0, abs($1)) }
    let tolerance = largest * Double(rows) * Double(Float.ulpOfOne)
    for row in 0..<rows {
      for column in 0..<row {
        guard abs(self[row, column] - self[column, row]) <= tolerance else {
          throw .notSymmetric(operation: operation, row: row, column: column)
        }
        let mean = (self[row, column] + self[column, row]) / 2
        self[row, column] = mean
        self[column, row] = mean
      }
    }
  }
}
