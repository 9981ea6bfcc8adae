/// Finds the orientation in a JPEG file's EXIF segment; anything malformed means upright.
///
/// Invariant: every access is held against the length of `bytes`, which outlive the value.
@safe struct Exif {
  private let bytes: UnsafeRawBufferPointer

  /// Looks through `bytes`, a JPEG file, which must outlive the value.
  init(_ bytes: UnsafeRawBufferPointer) { unsafe self.bytes = bytes }

  /// The orientation that the first EXIF segment before the pixels states.
  var orientation: Orientation {
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
      guard word(entry + 2, bigEndian) == 3, let value = word(entry + 8, bigEndian) else { return nil }
      return Orientation(rawValue: value)
    }
    return nil
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
