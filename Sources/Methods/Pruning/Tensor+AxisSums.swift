import Tensors

extension Tensor {
  /// The sums of elements over all axes but one, in 64 bits: `[extent of axis]`.
  func sums(along axis: Int, of element: (Int) -> Double) -> [Double] {
    let extent = shape[axis]
    let inner = shape.dimensions[(axis + 1)...].reduce(1, *)
    var sums = Array(repeating: 0.0, count: extent)
    for index in values.indices { sums[index / inner % extent] += element(index) }
    return sums
  }
}
