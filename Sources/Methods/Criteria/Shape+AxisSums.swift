import Tensors

extension Shape {
  /// The sums of numbers by element, row-major, over all axes but one, in 64 bits: `[extent of axis]`.
  func sums(along axis: Int, of element: (Int) -> Double) -> [Double] {
    let extent = self[axis]
    let inner = dimensions[(axis + 1)...].reduce(1, *)
    var sums = Array(repeating: 0.0, count: extent)
    for index in 0..<count { sums[index / inner % extent] += element(index) }
    return sums
  }
}
