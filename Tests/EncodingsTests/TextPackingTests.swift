import Tensors
import TestSupport
import Testing

@testable import Encodings

@Suite("Text packing")
struct TextPackingTests {
  private func packed(_ text: [UInt8]) -> [UInt8] { StudentFileMutation.packed(text) }

  private func unpacked(_ bytes: [UInt8]) throws -> [UInt8] {
    var reader = BitReader(bytes, in: 0..<bytes.count)
    let text = try TextPacking.read(from: &reader)
    try reader.requireEnd()
    return text
  }

  @Test(
    "Texts come back: empty, short, repeated, overlapping and random",
    arguments: [
      "", "a", "abc", "abcabcabcabcabc", String(repeating: "z", count: 5000),
      "{\"a\":1,\"b\":2}{\"a\":1,\"b\":3}", "één \u{1F600}",
    ])
  func texts(text: String) throws {
    let bytes = Array(text.utf8)
    #expect(try unpacked(packed(bytes)) == bytes)
  }

  @Test("Random bytes come back", arguments: 0..<20)
  func random(seed: Int) throws {
    var random = SeededRandom(seed: UInt64(seed), purpose: "text")
    let bytes = (0..<(seed * 97)).map { _ in UInt8(random.below(1 + seed * 12)) }
    #expect(try unpacked(packed(bytes)) == bytes)
  }

  @Test("A list that repeats itself takes less than a tenth")
  func shrinks() {
    let text = (0..<100).map { "{\"name\":\"block\($0)\",\"op\":\"conv2d\",\"kernel\":3}" }.joined()
    #expect(packed(Array(text.utf8)).count * 10 < text.utf8.count)
  }

  @Test("A text that is said to be longer than the limit is refused at once")
  func bombs() {
    var writer = BitWriter()
    writer.writeGamma(1 << 30)
    let bytes = writer.finish()
    #expect(errorMessage { _ = try unpacked(bytes) }.contains("at most 16777216 bytes"))
  }

  @Test("References before the beginning and beyond the end are refused")
  func references() {
    for (length, distance) in [(0, 3), (4, 0)] {
      var writer = BitWriter()
      writer.writeGamma(6)
      writer.writeGamma(3)
      SymbolCoding.write([97, UInt32(256 + length)], bits: 9, coded: false, to: &writer)
      SymbolCoding.write([UInt32(distance)], bits: 5, coded: false, to: &writer)
      writer.write(0, bits: length + distance)
      let bytes = writer.finish()
      #expect(errorMessage { _ = try unpacked(bytes) }.contains("a repetition in the text"))
    }
  }
}
