/// A dense array of 32-bit floats, row-major, with value semantics.
///
///     let ones = Tensor(repeating: 1, shape: [2, 3])
public struct Tensor: Sendable, Equatable {
  /// The shape.
  public private(set) var shape: Shape
  /// The elements, in row-major order.
  public var values: [Float]

  /// Makes a tensor of equal elements.
  public init(repeating value: Float, shape: Shape) {
    self.shape = shape
    values = Array(repeating: value, count: shape.count)
  }

  /// Makes a tensor of zeros.
  public init(zeros shape: Shape) { self.init(repeating: 0, shape: shape) }

  /// Makes a tensor of given elements; their number must be the shape's count.
  public init(_ values: [Float], shape: Shape) {
    precondition(values.count == shape.count, "\(values.count) values for a tensor of \(shape)")
    self.shape = shape
    self.values = values
  }

  /// The same elements under another shape with as many elements.
  public func reshaped(_ shape: Shape) -> Tensor { Tensor(values, shape: shape) }

  /// The slices at `indices` of an axis, in this order; O(elements kept).
  public func gathering(_ indices: [Int], axis: Int) -> Tensor {
    let outer = shape.dimensions[..<axis].reduce(1, *)
    let inner = shape.dimensions[(axis + 1)...].reduce(1, *)
    let extent = shape[axis]
    var result: [Float] = []
    result.reserveCapacity(outer * indices.count * inner)
    for o in 0..<outer {
      for index in indices {
        let start = (o * extent + index) * inner
        result.append(contentsOf: values[start..<(start + inner)])
      }
    }
    var kept = shape
    kept[axis] = indices.count
    return Tensor(result, shape: kept)
  }
}
