import Graphs

/// A part of a file: its length, its bytes, and a checksum of both.
enum FileSection {
  /// Bytes of a checksum.
  static let checksumBytes = 4
  /// Bytes of a length, at most: 63 bits.
  private static let maximumLengthBytes = 9

  /// Appends a section.
  static func append(_ contents: [UInt8], to bytes: inout [UInt8]) {
    let start = bytes.count
    var rest = contents.count
    while rest > 0x7F {
      bytes.append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
    bytes += contents
    let checksum = Checksum.crc32(bytes[start...])
    for shift in 0..<checksumBytes { bytes.append(UInt8(truncatingIfNeeded: checksum >> UInt32(8 * shift))) }
  }

  /// Where the contents of the section that begins at `start` stand, after its checksum was held against them.
  static func contents(
    _ section: String, in bytes: [UInt8], from start: Int
  ) throws(StudentFileProblem) -> Range<Int> {
    var length = 0
    var begin = start
    repeat {
      guard begin < bytes.count else { throw .cutOff(section: section, expected: 1, found: 0) }
      guard begin - start < maximumLengthBytes else {
        throw .damaged(
          section: section, what: "length", expected: "at most \(maximumLengthBytes) bytes", found: "more")
      }
      length |= Int(bytes[begin] & 0x7F) << (7 * (begin - start))
      begin += 1
    } while bytes[begin - 1] & 0x80 != 0
    let left = bytes.count - begin
    guard length <= left - checksumBytes else {
      throw .cutOff(section: section, expected: length, found: max(0, left - checksumBytes))
    }
    let end = begin + length
    let declared = (0..<checksumBytes).reduce(UInt32(0)) { $0 | UInt32(bytes[end + $1]) << UInt32(8 * $1) }
    let found = Checksum.crc32(bytes[start..<end])
    guard declared == found else {
      throw .checksum(section: section, expected: declared, found: found)
    }
    return begin..<end
  }
}

extension CodingError {
  /// The problem of a file, which names the section.
  func problem(in section: String) -> StudentFileProblem {
    switch self {
    case .ended(let needed, let left):
      .damaged(section: section, what: "bits", expected: "\(needed) more", found: "\(left)")
    case .invalid(let what, let expected, let found):
      .damaged(section: section, what: what, expected: expected, found: found)
    }
  }
}
