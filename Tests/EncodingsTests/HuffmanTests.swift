import Foundation
import Tensors
import Testing

@testable import Encodings

@Suite("Huffman codes")
struct HuffmanTests {
  @Test("The textbook's letters get its lengths: 45, 13, 12, 16, 9, 5 in 224 bits")
  func textbook() {
    // Cormen, Leiserson, Rivest, Stein: Introduction to Algorithms, section 16.3.
    let counts = [45, 13, 12, 16, 9, 5]
    #expect(CodeLengths.optimal(counts: counts, limit: 15) == [1, 3, 3, 3, 4, 4])
    #expect(HuffmanCode(counts: counts).bitCount(counts) == 224)
  }

  @Test("No code within the limit is shorter: every choice of lengths was tried", arguments: 0..<12)
  func optimal(seed: Int) {
    var random = SeededRandom(seed: UInt64(seed), purpose: "counts")
    let counts = (0..<6).map { _ in 1 + random.below(1 << (1 + random.below(9))) }
    let limit = 3 + seed % 3
    var best = Int.max
    var lengths = Array(repeating: 1, count: counts.count)
    search: while true {
      if lengths.reduce(0, { $0 + (1 << limit) >> $1 }) <= 1 << limit {
        best = min(best, zip(counts, lengths).reduce(0) { $0 + $1.0 * $1.1 })
      }
      var place = 0
      while lengths[place] == limit {
        lengths[place] = 1
        place += 1
        if place == lengths.count { break search }
      }
      lengths[place] += 1
    }
    let found = CodeLengths.optimal(counts: counts, limit: limit)
    #expect(found.allSatisfy { (1...limit).contains($0) })
    #expect(zip(counts, found).reduce(0) { $0 + $1.0 * $1.1 } == best)
  }

  @Test("Fibonacci's numbers, whose code would be as deep as they are many, stay within 15 bits")
  func limit() throws {
    var counts = [1, 1]
    while counts.count < 40 { counts.append(counts[counts.count - 1] + counts[counts.count - 2]) }
    let code = HuffmanCode(counts: counts)
    #expect(code.lengths.max() == 15)
    #expect(try HuffmanCode(lengths: code.lengths) == code)
  }

  @Test("A symbol takes between the entropy and one bit more", arguments: 1...12)
  func entropy(bits: Int) {
    var random = SeededRandom(seed: 4, purpose: "entropy", bits)
    var counts = Array(repeating: 0, count: 1 << bits)
    for _ in 0..<20_000 {
      counts[min(counts.count - 1, Int(abs(random.normal()) * Float(1 << bits) / 6))] += 1
    }
    let total = Double(counts.reduce(0, +))
    let entropy = counts.filter { $0 > 0 }.reduce(0.0) { sum, count in
      let share = Double(count) / total
      return sum - share * log2(share)
    }
    let mean = Double(HuffmanCode(counts: counts).bitCount(counts)) / total
    #expect(mean >= entropy - 1e-9 && mean < entropy + 1)
  }

  @Test("The entropy of symbols is Shannon's, and no file is below it")
  func entropyBits() throws {
    // Halves, quarters and eighths: 1, 2, 3 and 3 bits.
    let symbols: [UInt32] = [0, 0, 0, 0, 5, 5, 2, 7]
    #expect(SymbolCoding.entropyBits(symbols, bits: 3) == 14)
    // In planes of eight bits: the upper bytes are all equal, and the lower are 0 and 1 equally often.
    #expect(SymbolCoding.entropyBits([256, 257, 256, 257], bits: 16) == 4)
    #expect(SymbolCoding.entropyBits([], bits: 4) == 0 && SymbolCoding.entropyBits([3, 3], bits: 2) == 0)
    var random = SeededRandom(seed: 6, purpose: "bell")
    for bits in [2, 7, 12, 20] {
      let bell = (0..<5000).map { _ in UInt32(abs(random.normal()) * Float(1 << bits) / 8) }
      let entropy = SymbolCoding.entropyBits(bell, bits: bits)
      let written = Double(SymbolCoding.bitCount(bell, bits: bits, coded: true))
      #expect(entropy < written && written < entropy + 5000 * Double((bits + 7) / 8) + 4000)
    }
  }

  @Test("Symbols of every width come back, packed and coded", arguments: 1...32, [false, true])
  func roundTrip(bits: Int, coded: Bool) throws {
    var random = SeededRandom(seed: 5, purpose: "symbols", bits)
    for count in [0, 1, 2, 300] {
      for spread in [0, bits / 2, bits] {
        let symbols = (0..<count).map { _ in UInt32(truncatingIfNeeded: random.below(1 << spread)) }
        var writer = BitWriter()
        SymbolCoding.write(symbols, bits: bits, coded: coded, to: &writer)
        let bytes = writer.finish()
        var reader = BitReader(bytes, in: 0..<bytes.count)
        #expect(try SymbolCoding.read(count: count, bits: bits, from: &reader) == symbols)
        try reader.requireEnd()
        #expect(bytes.count * 8 < bits * count + 12, "codes are used only where they are smaller")
      }
    }
  }

  @Test("Few kinds of symbols shrink: a skewed byte stream takes less than a third of its bytes")
  func shrinks() {
    var random = SeededRandom(seed: 6, purpose: "skewed")
    let symbols = (0..<4000).map { _ in UInt32(random.uniform() < 0.9 ? 7 : random.below(256)) }
    var writer = BitWriter()
    SymbolCoding.write(symbols, bits: 8, coded: true, to: &writer)
    #expect(writer.finish().count < 4000 / 3)
  }

  @Test(
    "Tables that leave codes unused or use some twice are refused",
    arguments: [[1, 2], [1, 1, 1], [2], [0]])
  func tables(lengths: [Int]) {
    #expect(throws: CodingError.self) { try HuffmanCode(lengths: lengths) }
  }

  @Test("Streams that end early are refused before memory is taken")
  func ends() {
    let bytes: [UInt8] = [0x00, 0xFF]
    var reader = BitReader(bytes, in: 0..<2)
    #expect(throws: CodingError.ended(needed: 1 << 40, left: 16)) {
      try SymbolCoding.read(count: 1 << 40, bits: 3, from: &reader)
    }
    #expect(throws: CodingError.ended(needed: 24, left: 15)) {
      try SymbolCoding.read(count: 8, bits: 3, from: &reader)
    }
  }

  @Test("Numbers in Elias' gamma code are those of the paper, and come back")
  func gamma() throws {
    var writer = BitWriter()
    for value in [1, 2, 5, 17, 1 << 31] { writer.writeGamma(value) }
    let bytes = writer.finish()
    // 1 | 010 | 00101 | 000010001 | …
    #expect(bytes[0] == 0b1010_0010 && bytes[1] == 0b1000_0100 && bytes[2] >> 6 == 0b01)
    var reader = BitReader(bytes, in: 0..<bytes.count)
    for value in [1, 2, 5, 17, 1 << 31] { #expect(try reader.readGamma() == value) }
  }

  @Test("The checksum is that of its standard")
  func checksum() {
    #expect(Checksum.crc32(Array("123456789".utf8)[...]) == 0xCBF4_3926)
    #expect(Checksum.crc32([]) == 0)
  }
}
