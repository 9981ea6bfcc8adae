/// A TensorBoard event file, read independently: bit-by-bit checksums and fields by the wire format of
/// Protocol Buffers.
public struct DecodedEvents {
  /// The version of the file format.
  public private(set) var version = ""
  /// The wall times of the events, in seconds since 1970.
  public private(set) var times: [Double] = []
  /// The steps of the events that have one.
  public private(set) var steps: [UInt64] = []
  /// The scalars by tag, one dictionary for each summary.
  public private(set) var scalars: [[String: Float]] = []

  /// Decodes a file; `nil` if a length, a checksum or a field is wrong.
  public init?(_ file: [UInt8]) {
    var rest = file[...]
    while !rest.isEmpty {
      guard rest.count >= 12, Self.isChecked(rest.prefix(12)) else { return nil }
      let length = Int(Self.number(rest.prefix(8)))
      rest = rest.dropFirst(12)
      guard rest.count >= length + 4, Self.isChecked(rest.prefix(length + 4)) else { return nil }
      guard let fields = Self.fields(rest.prefix(length)), read(fields) else { return nil }
      rest = rest.dropFirst(length + 4)
    }
  }

  private mutating func read(_ event: [(field: UInt64, value: ArraySlice<UInt8>)]) -> Bool {
    for (field, value) in event {
      switch field {
      case 1: times.append(Double(bitPattern: Self.number(value)))
      case 2: steps.append(Self.number(value))
      case 3: version = String(decoding: value, as: UTF8.self)
      case 5:
        var found: [String: Float] = [:]
        for (_, scalar) in Self.fields(value) ?? [] {
          guard let parts = Self.fields(scalar), parts.count == 2, parts[0].field == 1, parts[1].field == 2
          else { return false }
          found[String(decoding: parts[0].value, as: UTF8.self)] = Float(
            bitPattern: UInt32(Self.number(parts[1].value)))
        }
        scalars.append(found)
      default: return false
      }
    }
    return true
  }

  /// The fields of a message; a variable-length number is given as its eight bytes.
  private static func fields(_ message: ArraySlice<UInt8>) -> [(field: UInt64, value: ArraySlice<UInt8>)]? {
    var rest = message
    func varint() -> UInt64? {
      var (value, shift) = (UInt64(0), UInt64(0))
      while let byte = rest.popFirst() {
        value |= UInt64(byte & 0x7F) << shift
        if byte < 0x80 { return value }
        shift += 7
      }
      return nil
    }
    var found: [(field: UInt64, value: ArraySlice<UInt8>)] = []
    while !rest.isEmpty {
      guard let tag = varint() else { return nil }
      let length: Int
      switch tag & 7 {
      case 0:
        guard let value = varint() else { return nil }
        found.append((tag >> 3, ArraySlice((0..<8).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) })))
        continue
      case 1: length = 8
      case 5: length = 4
      case 2:
        guard let count = varint() else { return nil }
        length = Int(count)
      default: return nil
      }
      guard rest.count >= length else { return nil }
      found.append((tag >> 3, rest.prefix(length)))
      rest = rest.dropFirst(length)
    }
    return found
  }

  private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.enumerated().reduce(0) { $0 | UInt64($1.element) << UInt64($1.offset * 8) }
  }

  /// True if the last four bytes are the masked CRC-32C of those before, computed bit by bit.
  private static func isChecked(_ bytes: ArraySlice<UInt8>) -> Bool {
    var remainder: UInt32 = 0xFFFF_FFFF
    for byte in bytes.dropLast(4) {
      for bit in 0..<8 {
        let isOdd = (remainder ^ UInt32(byte >> bit)) & 1 == 1
        remainder >>= 1
        if isOdd { remainder ^= 0x82F6_3B78 }
      }
    }
    let masked = UInt32(number(bytes.suffix(4)))
    let turned = masked &- 0xA282_EAD8
    return (turned >> 17 | turned << 15) == ~remainder
  }
}
