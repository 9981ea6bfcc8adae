/// An error in coded bits; the reader of the file adds their place.
enum CodingError: Error, Equatable {
  case ended(needed: Int, left: Int)
  case invalid(what: String, expected: String, found: String)
}

/// A reader of bits, with the most significant bit of each number first.
struct BitReader {
  private let bytes: [UInt8]
  private let end: Int
  /// The number of bits before the next one, counted from the file's first byte.
  private(set) var position: Int

  /// Reads a range of a file's bytes.
  init(_ bytes: [UInt8], in range: Range<Int>) {
    self.bytes = bytes
    position = range.lowerBound * 8
    end = range.upperBound * 8
  }

  /// The bits left.
  var left: Int { end - position }

  /// Takes `bits` (0…32) bits.
  mutating func read(_ bits: Int) throws(CodingError) -> UInt32 {
    guard bits <= left else { throw .ended(needed: bits, left: left) }
    let value = peek(bits)
    position += bits
    return value
  }

  /// The next `bits` (0…32) bits, without taking them; bits behind the end are zeros.
  func peek(_ bits: Int) -> UInt32 {
    var window: UInt64 = 0
    let first = position >> 3
    for offset in 0..<5 {
      let index = first + offset
      window = window << 8 | (index < end >> 3 ? UInt64(bytes[index]) : 0)
    }
    return UInt32(truncatingIfNeeded: window >> UInt64(40 - position & 7 - bits) & (1 << UInt64(bits) - 1))
  }

  /// Skips bits that were peeked at.
  mutating func skip(_ bits: Int) throws(CodingError) {
    guard bits <= left else { throw .ended(needed: bits, left: left) }
    position += bits
  }

  /// Takes a number in Elias' gamma code.
  mutating func readGamma() throws(CodingError) -> Int {
    let extra = peek(32).leadingZeroBitCount
    guard extra < 32 else {
      throw .invalid(what: "a number", expected: "fewer than 32 zeros before it", found: "32 or more")
    }
    try skip(extra)
    return Int(try read(extra + 1))
  }

  /// Throws if anything is left but the zeros that fill the last byte.
  func requireEnd() throws(CodingError) {
    guard left < 8, peek(left) == 0 else {
      throw .invalid(what: "the end", expected: "zeros that fill a byte", found: "\(left) bits")
    }
  }
}
