import Graphs
import Tensors

/// Damage to student files, against which their reader is tested.
///
/// Most damage is done to a section's contents: to the header's text before it is packed, to its packed bits,
/// or to the parameters' bits. The length and checksum of the section are then made right, so that the damage
/// gets past these checks. A mutation is a pure function of the seed and its index.
public enum StudentFileMutation {
  /// Returns the file with damage; `donor` is another student file, parts of which are spliced in.
  public static func mutated(_ original: [UInt8], splicing donor: [UInt8], seed: UInt64, index: Int)
    -> [UInt8]
  {
    guard let (header, parameters) = try? StudentFile.sections(of: original),
      let others = try? StudentFile.sections(of: donor)
    else { return FileMutation.mutated(original, splicing: donor, seed: seed, index: index) }
    func damaged(_ bytes: [UInt8], _ donor: [UInt8]) -> [UInt8] {
      let length = Array(repeating: UInt8(0), count: 8)
      return damagedBehindLength(length + bytes, length + donor, seed: seed, index: index)
    }
    var random = SeededRandom(seed: seed, purpose: "choose a section", index)
    switch random.below(10) {
    case 0...4:
      let text = damagedText(text(original, header), text(donor, others.header), seed: seed, index: index)
      return file(header: packed(text), parameters: Array(original[parameters]))
    case 5...7:
      return file(
        header: Array(original[header]),
        parameters: damaged(Array(original[parameters]), Array(donor[others.parameters])))
    case 8:
      return file(
        header: damaged(Array(original[header]), Array(donor[others.header])),
        parameters: Array(original[parameters]))
    default: return FileMutation.mutated(original, splicing: donor, seed: seed, index: index)
    }
  }

  /// Damages a text behind a length of eight bytes, where `FileMutation` expects that length.
  private static func damagedText(_ text: [UInt8], _ donor: [UInt8], seed: UInt64, index: Int) -> [UInt8] {
    func length(_ count: Int) -> [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) } }
    return damagedBehindLength(
      length(text.count) + text, length(donor.count) + donor, seed: seed, index: index)
  }

  private static func damagedBehindLength(
    _ bytes: [UInt8], _ donor: [UInt8], seed: UInt64, index: Int
  ) -> [UInt8] {
    Array(FileMutation.mutated(bytes, splicing: donor, seed: seed, index: index).dropFirst(8))
  }

  private static func text(_ bytes: [UInt8], _ header: Range<Int>) -> [UInt8] {
    var reader = BitReader(bytes, in: header)
    return (try? TextPacking.read(from: &reader)) ?? []
  }

  /// The text of a header, packed as a section holds it.
  static func packed(_ text: [UInt8]) -> [UInt8] {
    var writer = BitWriter()
    TextPacking.write(text, to: &writer)
    return writer.finish()
  }

  /// A file of any sections, with correct lengths and checksums.
  static func file(header: [UInt8], parameters: [UInt8]) -> [UInt8] {
    var bytes = StudentFile.signature + [UInt8(StudentFile.version)]
    FileSection.append(header, to: &bytes)
    FileSection.append(parameters, to: &bytes)
    return bytes
  }
}
