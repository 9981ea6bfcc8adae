/// Finds the orientation in a JPEG file's EXIF segment or a PNG file's eXIf chunk; malformed data means
/// upright.
///
/// Invariant: every access is checked against the length of `bytes`, which outlive the value.
@safe struct Exif {
  private let bytes: UnsafeRawBufferPointer

  /// Takes the bytes of an image file, which must outlive the value.
  init(_ bytes: UnsafeRawBufferPointer) { unsafe self.bytes = bytes }

  /// The orientation that the file states.
  ///
  /// A JPEG's first EXIF segment before its pixels counts, and a PNG's last eXIf chunk.
  func orientation(in format: ImageFormat) -> Orientation {
    switch format {
    case .jpeg: segmentOrientation
    case .png: chunkOrientation
    }
  }

  private var segmentOrientation: Orientation {
    var at = 2
    while let marker = word(at, bigEndian: true), marker >> 8 == 0xFF {
      if marker == 0xFFFF {
        at += 1  // padding
        continue
      }
      guard marker != 0xFFDA, let length = word(at + 2, bigEndian: true), length >= 2 else { break }
      if marker == 0xFFE1, holds("Exif\0\0", at: at + 4) {
        return tag(tiff: at + 10, end: unsafe min(at + 2 + length, bytes.count)) ?? .upright
      }
      at += 2 + length
    }
    return .upright
  }

  private var chunkOrientation: Orientation {
    var found = Orientation.upright
    var at = 8
    while let length = long(at, true), unsafe length <= bytes.count - at - 12 {
      if holds("IEND", at: at + 4) { break }
      if holds("eXIf", at: at + 4) {
        // Some writers put a JPEG segment's preamble before the TIFF header.
        let start = holds("Exif\0\0", at: at + 8) ? at + 14 : at + 8
        found = tag(tiff: start, end: at + 8 + length) ?? .upright
      }
      at += 12 + length
    }
    return found
  }

  private func tag(tiff: Int, end: Int) -> Orientation? {
    let bigEndian: Bool
    if holds("MM", at: tiff) {
      bigEndian = true
    } else if holds("II", at: tiff) {
      bigEndian = false
    } else {
      return nil
    }
    guard word(tiff + 2, bigEndian) == 42, let offset = long(tiff + 4, bigEndian) else { return nil }
    let directory = tiff + offset
    guard directory + 2 <= end, let count = word(directory, bigEndian) else { return nil }
    for i in 0..<count {
      let entry = directory + 2 + 12 * i
      guard entry + 12 <= end else { return nil }
      guard word(entry, bigEndian) == 0x0112 else { continue }
      guard long(entry + 4, bigEndian) == 1 else { return nil }
      return number(entry, tiff: tiff, end: end, bigEndian).flatMap(Orientation.init(rawValue:))
    }
    return nil
  }

  /// The whole number in a directory's entry, which may have any numeric type.
  private func number(_ entry: Int, tiff: Int, end: Int, _ bigEndian: Bool) -> Int? {
    switch word(entry + 2, bigEndian) {
    case 1, 6: return byte(entry + 8)
    case 3, 8: return word(entry + 8, bigEndian)
    case 4, 9: return long(entry + 8, bigEndian)
    case 5, 10:
      guard let offset = long(entry + 8, bigEndian), tiff + offset + 8 <= end,
        let above = long(tiff + offset, bigEndian), let below = long(tiff + offset + 4, bigEndian), below > 0,
        above % below == 0
      else { return nil }
      return above / below
    case 11:
      return long(entry + 8, bigEndian).flatMap {
        Int(exactly: Float(bitPattern: UInt32(truncatingIfNeeded: $0)))
      }
    case 12:
      guard let offset = long(entry + 8, bigEndian), tiff + offset + 8 <= end,
        let first = long(tiff + offset, bigEndian), let second = long(tiff + offset + 4, bigEndian)
      else { return nil }
      let (high, low) = bigEndian ? (first, second) : (second, first)
      return Int(exactly: Double(bitPattern: UInt64(high) << 32 | UInt64(low)))
    default: return nil
    }
  }

  private func byte(_ at: Int) -> Int? {
    unsafe at >= 0 && at < bytes.count ? Int(bytes[at]) : nil
  }

  private func word(_ at: Int, bigEndian: Bool) -> Int? { word(at, bigEndian) }

  private func word(_ at: Int, _ bigEndian: Bool) -> Int? {
    guard let a = byte(at), let b = byte(at + 1) else { return nil }
    return bigEndian ? a << 8 | b : b << 8 | a
  }

  private func long(_ at: Int, _ bigEndian: Bool) -> Int? {
    guard let a = word(at, bigEndian), let b = word(at + 2, bigEndian) else { return nil }
    return bigEndian ? a << 16 | b : b << 16 | a
  }

  private func holds(_ text: String, at start: Int) -> Bool {
    text.utf8.enumerated().allSatisfy { byte(start + $0.offset) == Int($0.element) }
  }
}
