/// A writer of bits, with the most significant bit of each number first.
struct BitWriter {
  private(set) var bytes: [UInt8] = []
  /// The bits that do not fill a byte yet, in the lowest places.
  private var pending: UInt64 = 0
  private var pendingCount = 0

  /// The number of bits written.
  var bitCount: Int { bytes.count * 8 + pendingCount }

  /// Appends the lowest `bits` (0…32) bits of a value that has no others.
  mutating func write(_ value: UInt32, bits: Int) {
    pending = pending << UInt64(bits) | UInt64(value)
    pendingCount += bits
    while pendingCount >= 8 {
      pendingCount -= 8
      bytes.append(UInt8(truncatingIfNeeded: pending >> UInt64(pendingCount)))
    }
  }

  /// Appends a number of 1…2³²-1 in Elias' gamma code.
  ///
  /// The code has as many zeros as the number has bits behind its first one, and then the number's bits.
  mutating func writeGamma(_ value: Int) {
    let extra = BitWriter.logarithm(value)
    write(0, bits: extra)
    write(UInt32(value), bits: extra + 1)
  }

  /// Fills the last byte with zeros.
  mutating func finish() -> [UInt8] {
    if pendingCount > 0 { write(0, bits: 8 - pendingCount) }
    return bytes
  }

  /// The bits of a number in Elias' gamma code.
  static func gammaBits(_ value: Int) -> Int { 2 * logarithm(value) + 1 }

  /// ⌊log2⌋ of a positive number.
  static func logarithm(_ value: Int) -> Int { Int.bitWidth - 1 - value.leadingZeroBitCount }
}
