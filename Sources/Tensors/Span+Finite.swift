extension Span<Float> {
  /// True if every element is finite.
  ///
  /// It compares bit patterns: a maximum of integers is found many elements at a time, and numbers that are
  /// not finite have the largest exponent.
  public var isFinite: Bool {
    var largest: UInt32 = 0
    for i in indices { largest = Swift.max(largest, unsafe self[unchecked: i].bitPattern & 0x7FFF_FFFF) }
    return largest < 0x7F80_0000
  }
}
