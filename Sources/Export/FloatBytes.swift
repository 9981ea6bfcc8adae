extension [Float] {
  /// The numbers as little-endian bytes, four each, as exported programs read and write them.
  public var littleEndianBytes: [UInt8] {
    flatMap { number in (0..<4).map { UInt8(truncatingIfNeeded: number.bitPattern >> (8 * $0)) } }
  }

  /// Reads little-endian bytes, four for each number; ignores an incomplete last number.
  public init(littleEndian bytes: [UInt8]) {
    self = stride(from: 0, to: bytes.count - 3, by: 4).map { start in
      Float(bitPattern: (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[start + $1]) << UInt32(8 * $1) })
    }
  }
}
