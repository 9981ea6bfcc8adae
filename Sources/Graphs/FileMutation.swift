import Tensors

/// Damage to a file's bytes, as disks, transfers and attackers cause it; readers are tested against it.
///
/// A mutation is a pure function of the seed and its index.
public enum FileMutation {
  private static let numbers = [
    "0", "-1", "1e308", "4294967296", "9223372036854775807", "18446744073709551616", "1073741824", "65536",
    "null",
  ]

  /// Returns the file with one to four pieces of damage.
  ///
  /// `donor` is another file of the kind; parts of it are spliced in.
  public static func mutated(_ original: [UInt8], splicing donor: [UInt8], seed: UInt64, index: Int)
    -> [UInt8]
  {
    var random = SeededRandom(seed: seed, purpose: "damage a file", index)
    var bytes = original
    for _ in 0...max(0, random.below(6) - 2) { damage(&bytes, donor, &random) }
    return bytes
  }

  private static func damage(_ bytes: inout [UInt8], _ donor: [UInt8], _ random: inout SeededRandom) {
    guard !bytes.isEmpty, !donor.isEmpty else { return }
    switch random.below(14) {
    case 0: flipBits(&bytes, in: 0..<bytes.count, &random)
    case 1: flipBits(&bytes, in: headerRange(bytes), &random)
    case 2: bytes.removeLast(random.below(bytes.count))
    case 3: replace(range(in: bytes, &random), of: &bytes, by: donor[range(in: donor, &random)], &random)
    case 4: changeLength(&bytes, &random)
    case 5: replace(range(in: bytes, &random), of: &bytes, by: [], &random)
    case 6: flipBits(&bytes, in: headerRange(bytes).upperBound..<bytes.count, &random)
    case 7...12: changeNumber(&bytes, &random)
    default:
      let start = random.below(bytes.count)
      replace(start..<start, of: &bytes, by: donor[range(in: donor, &random)], &random)
    }
  }

  /// The probable range of the header, where small files keep most of their meaning.
  private static func headerRange(_ bytes: [UInt8]) -> Range<Int> {
    let declared = bytes.prefix(2).enumerated().reduce(8) { $0 + Int($1.element) << (8 * $1.offset) }
    return 0..<min(declared, bytes.count)
  }

  /// A random range of up to 64 bytes.
  private static func range(in bytes: [UInt8], _ random: inout SeededRandom) -> Range<Int> {
    let start = random.below(bytes.count)
    return start..<min(bytes.count, start + 1 + random.below(64))
  }

  private static func flipBits(_ bytes: inout [UInt8], in range: Range<Int>, _ random: inout SeededRandom) {
    guard !range.isEmpty else { return }
    for _ in 0...random.below(4) {
      bytes[range.lowerBound + random.below(range.count)] ^= 1 << UInt8(random.below(8))
    }
  }

  /// Replaces a range by a part.
  ///
  /// Half of the edits of a header correct its declared length too, so that the damage gets past that check.
  private static func replace(
    _ range: Range<Int>, of bytes: inout [UInt8], by part: ArraySlice<UInt8>, _ random: inout SeededRandom
  ) {
    let isInHeader = headerRange(bytes).contains(range.lowerBound)
    bytes.replaceSubrange(range, with: part)
    if isInHeader, random.below(2) == 0 { fixLength(&bytes, by: part.count - range.count) }
  }

  private static func changeLength(_ bytes: inout [UInt8], _ random: inout SeededRandom) {
    guard bytes.count >= 8 else { return }
    if random.below(2) == 0 {
      bytes[random.below(8)] = UInt8(random.below(256))
    } else {
      let change = random.below(17) - 8
      bytes[0] = UInt8(truncatingIfNeeded: Int(bytes[0]) + change)
    }
  }

  /// Replaces one number of the header by an extreme one, or by another digit.
  private static func changeNumber(_ bytes: inout [UInt8], _ random: inout SeededRandom) {
    let header = headerRange(bytes)
    let isDigit = { (byte: UInt8) in (0x30...0x39).contains(byte) }
    let start = header.lowerBound + random.below(header.count)
    guard let first = bytes[start..<header.upperBound].firstIndex(where: isDigit) else { return }
    let end = bytes[first..<header.upperBound].firstIndex { !isDigit($0) } ?? header.upperBound
    let number = random.below(2) == 0 ? numbers[random.below(numbers.count)] : "\(random.below(10))"
    let change = number.utf8.count - (end - first)
    bytes.replaceSubrange(first..<end, with: number.utf8)
    if first >= 8 { fixLength(&bytes, by: change) }
  }

  /// Adds `change` to the declared length of the header.
  private static func fixLength(_ bytes: inout [UInt8], by change: Int) {
    guard bytes.count >= 8 else { return }
    let length = Int(bytes[0]) + Int(bytes[1]) << 8 + change
    guard (0..<65536).contains(length) else { return }
    bytes[0] = UInt8(length & 0xFF)
    bytes[1] = UInt8(length >> 8)
  }
}
