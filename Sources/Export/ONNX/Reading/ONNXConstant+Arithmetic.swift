extension ONNXConstant {
  /// Combines elements one by one; a constant of one element is broadcast.
  func combined(
    with other: ONNXConstant, _ numbers: (Float, Float) -> Float, _ integers: (Int, Int) -> Int
  ) throws(ONNXRefusal) -> ONNXConstant {
    guard dims == other.dims || count == 1 || other.count == 1 else {
      throw .because("constants of \(dims) and \(other.dims), expected equal extents or one number")
    }
    let larger = other.count > count || (other.count == count && other.dims.count > dims.count) ? other : self
    if let first = knownIntegers, let second = other.knownIntegers {
      return ONNXConstant(
        dims: larger.dims,
        content: .integers(
          (0..<larger.count).map { integers(Self.item(first, $0), Self.item(second, $0)) }))
    }
    guard let first = floats, let second = other.floats else {
      throw .because("it computes with the batch size, which is free")
    }
    return ONNXConstant(
      dims: larger.dims,
      content: .floats((0..<larger.count).map { numbers(Self.item(first, $0), Self.item(second, $0)) }))
  }

  private static func item<T>(_ items: [T], _ position: Int) -> T {
    items.count == 1 ? items[0] : items[position]
  }
}
