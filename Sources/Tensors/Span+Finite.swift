extension Span<Float> {
  /// Whether every element is a finite number.
  ///
  /// Compares bit patterns: the largest of integers is found many at a time, and the exponent of what is not finite is the
  /// largest there is.
  public var isFinite: Bool {
    var largest: UInt32 = 0
    for i in indices { largest = Swift.max(largest, unsafe self[unchecked: i].bitPattern & 0x7FFF_FFFF) }
    return largest < 0x7F80_0000
  }
}
