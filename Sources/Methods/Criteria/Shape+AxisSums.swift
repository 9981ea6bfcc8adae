import Tensors

extension Shape {
  /// The sums of numbers over all axes but one, in 64 bits: `[extent of axis]`.
  ///
  /// `element` returns the number of an element by its row-major place.
  func sums(along axis: Int, of element: (Int) -> Double) -> [Double] {
    let extent = self[axis]
    let inner = dimensions[(axis + 1)...].reduce(1, *)
    var sums = Array(repeating: 0.0, count: extent)
    for index in 0..<count { sums[index / inner % extent] += element(index) }
    return sums
  }

  /// The row-major places of the elements with an index on an axis, ascending.
  func elements(_ index: Int, axis: Int) -> [Int] {
    let inner = dimensions[(axis + 1)...].reduce(1, *)
    let outer = dimensions[..<axis].reduce(1, *)
    return (0..<outer).flatMap { outer in
      let start = (outer * self[axis] + index) * inner
      return start..<start + inner
    }
  }
}
