import Tensors

/// The 4x3 matrix whose decompositions the tests compare with numpy's.
let tallMatrix = Tensor([1, 2, 3, 4, 5, 6, 7, 8, 10, -1, 0.5, 2], shape: [4, 3])

/// A symmetric positive definite matrix whose decompositions the tests compare with numpy's.
let definiteMatrix = Tensor([4, 2, 0.6, 2, 5, 1.5, 0.6, 1.5, 3], shape: [3, 3])

/// The matrix `1/(i + j + 1)`, for which elimination in single precision fails.
func hilbert(_ order: Int) -> Tensor {
  Tensor((0..<order * order).map { 1 / Float($0 / order + $0 % order + 1) }, shape: [order, order])
}

/// A tensor of standard normal elements.
func normal(_ shape: Shape, seed: UInt64) -> Tensor {
  var random = SeededRandom(seed: seed, purpose: "normal matrix")
  return Tensor((0..<shape.count).map { _ in random.normal() }, shape: shape)
}

/// The matrix product by its definition.
func product(_ a: Tensor, _ b: Tensor) -> [Double] {
  let (rows, inner, columns) = (a.shape[0], a.shape[1], b.shape[1])
  return (0..<rows * columns).map { index in
    (0..<inner).reduce(0.0) { sum, k in
      sum + Double(a.values[index / columns * inner + k]) * Double(b.values[k * columns + index % columns])
    }
  }
}

/// The transpose by its definition.
func transpose(_ a: Tensor) -> Tensor {
  let (rows, columns) = (a.shape[0], a.shape[1])
  return Tensor(
    (0..<rows * columns).map { a.values[$0 % rows * columns + $0 / rows] }, shape: [columns, rows])
}

/// The largest difference of two lists.
func distance(_ a: [Double], _ b: [Double]) -> Double {
  a.count == b.count ? zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) } : .infinity
}

/// The elements in double precision.
func doubles(_ tensor: Tensor) -> [Double] { tensor.values.map(Double.init) }

/// The identity matrix of an order, row-major.
func identity(_ order: Int) -> [Double] { (0..<order * order).map { $0 / order == $0 % order ? 1 : 0 } }
