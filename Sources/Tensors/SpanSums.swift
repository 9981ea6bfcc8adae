/// Sums over parts of spans, many elements at a time, in an order that depends on their length alone.
public enum SpanSums {
  private static let lanes = SIMD8<Float>.scalarCount

  /// `Σ_k x[i + k] · y[j + k]` for k in 0..<count.
  public static func dot(_ x: Span<Float>, _ i: Int, _ y: Span<Float>, _ j: Int, _ count: Int) -> Float {
    sum(x, i, y, j, count, ofEight: { $0 * $1 }, ofOne: { $0 * $1 })
  }

  /// `Σ_k (x[i + k] - y[j + k])²` for k in 0..<count.
  public static func squaredDistance(
    _ x: Span<Float>, _ i: Int, _ y: Span<Float>, _ j: Int, _ count: Int
  ) -> Float {
    sum(x, i, y, j, count, ofEight: { ($0 - $1) * ($0 - $1) }, ofOne: { ($0 - $1) * ($0 - $1) })
  }

  /// Adds `factor · x[i + k]` to each `y[j + k]`, for k in 0..<count.
  public static func add(
    _ factor: Float, _ x: Span<Float>, _ i: Int, to y: inout MutableSpan<Float>, _ j: Int, _ count: Int
  ) {
    precondition(i >= 0 && i + count <= x.count && j >= 0 && j + count <= y.count, "a stretch of the span")
    unsafe x.withUnsafeBufferPointer { x in
      unsafe y.withUnsafeMutableBufferPointer { y in
        guard count > 0, let x = x.baseAddress, let y = y.baseAddress else { return }
        unsafe add(factor, x + i, y + j, count)
      }
    }
  }

  /// Adds `factor · values[i + k]` to each `values[j + k]`, for k in 0..<count; the parts must not overlap.
  public static func add(
    _ factor: Float, from i: Int, to j: Int, _ count: Int, in values: inout MutableSpan<Float>
  ) {
    precondition(i >= 0 && i + count <= values.count && j >= 0 && j + count <= values.count, "a stretch")
    precondition(i + count <= j || j + count <= i, "stretches that do not meet")
    unsafe values.withUnsafeMutableBufferPointer { values in
      guard count > 0, let start = values.baseAddress else { return }
      unsafe add(factor, start + i, start + j, count)
    }
  }

  private static func add(
    _ factor: Float, _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ count: Int
  ) {
    for k in 0..<count { unsafe y[k] += factor * x[k] }
  }

  /// The sum of a term for each pair of elements.
  ///
  /// Eight sums run side by side; they are added up, and then the remaining terms.
  @inline(__always)
  private static func sum(
    _ x: Span<Float>, _ i: Int, _ y: Span<Float>, _ j: Int, _ count: Int,
    ofEight: (SIMD8<Float>, SIMD8<Float>) -> SIMD8<Float>, ofOne: (Float, Float) -> Float
  ) -> Float {
    precondition(i >= 0 && i + count <= x.count && j >= 0 && j + count <= y.count, "a stretch of the span")
    return unsafe x.withUnsafeBufferPointer { x in
      unsafe y.withUnsafeBufferPointer { y in
        guard count > 0, let x = x.baseAddress, let y = y.baseAddress else { return 0 }
        let (first, second) = unsafe (UnsafeRawPointer(x + i), UnsafeRawPointer(y + j))
        let whole = count - count % lanes
        var sums = SIMD8<Float>()
        for k in stride(from: 0, to: whole, by: lanes) {
          let place = k * MemoryLayout<Float>.stride
          sums += unsafe ofEight(
            first.loadUnaligned(fromByteOffset: place, as: SIMD8<Float>.self),
            second.loadUnaligned(fromByteOffset: place, as: SIMD8<Float>.self))
        }
        var sum = sums.sum()
        for k in whole..<count { sum += unsafe ofOne(x[i + k], y[j + k]) }
        return sum
      }
    }
  }
}
