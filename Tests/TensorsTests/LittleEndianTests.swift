import Tensors
import Testing

@Suite("Little-endian floats")
struct LittleEndianTests {
  @Test("1 and -2 have the bytes of IEEE 754, lowest first, behind what is there")
  func bytes() {
    var bytes: [UInt8] = [9]
    LittleEndian.append([1, -2], to: &bytes)
    #expect(bytes == [9, 0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0])
    #expect(LittleEndian.floats(bytes[1...]) == [1, -2])
  }

  @Test("Every bit pattern survives, not-a-number included")
  func patterns() {
    var random = SeededRandom(seed: 3, purpose: "patterns")
    let floats = (0..<1000).map { _ in Float(bitPattern: UInt32(truncatingIfNeeded: random.next())) }
    var bytes: [UInt8] = []
    LittleEndian.append(floats, to: &bytes)
    #expect(LittleEndian.floats(bytes[...]).map(\.bitPattern) == floats.map(\.bitPattern))
    #expect(LittleEndian.floats([]).isEmpty)
  }
}
