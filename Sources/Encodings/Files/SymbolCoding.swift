import Foundation

/// Codes symbols of one width as bits: a flag, then packed symbols, or a Huffman table and codes where
/// smaller.
///
/// Symbols too wide for `HuffmanCode` are written as planes of 8 bits, the highest first; the highest may
/// have fewer.
enum SymbolCoding {
  /// Appends symbols of `bits` (1…32) bits; `coded` allows Huffman codes.
  static func write(_ symbols: [UInt32], bits: Int, coded: Bool, to writer: inout BitWriter) {
    guard bits > HuffmanCode.maximumSymbolBits else {
      return writePlane(symbols, bits: bits, coded: coded, to: &writer)
    }
    for plane in planes(bits) {
      let mask = UInt32(1) << UInt32(plane.bits) - 1
      let part = symbols.map { $0 >> UInt32(plane.shift) & mask }
      writePlane(part, bits: plane.bits, coded: coded, to: &writer)
    }
  }

  /// Takes `count` symbols of `bits` bits.
  ///
  /// A symbol takes at least one bit, so that memory stays in proportion to the file.
  static func read(count: Int, bits: Int, from reader: inout BitReader) throws(CodingError) -> [UInt32] {
    guard bits > HuffmanCode.maximumSymbolBits else {
      return try readPlane(count: count, bits: bits, from: &reader)
    }
    var symbols: [UInt32] = []
    for plane in planes(bits) {
      let part = try readPlane(count: count, bits: plane.bits, from: &reader)
      if symbols.isEmpty { symbols = Array(repeating: 0, count: count) }
      for index in part.indices { symbols[index] |= part[index] << UInt32(plane.shift) }
    }
    return symbols
  }

  /// The planes of wide symbols, the highest first.
  private static func planes(_ bits: Int) -> [(bits: Int, shift: Int)] {
    let count = (bits + 7) / 8
    return (0..<count).reversed().map { index in (bits: min(8, bits - 8 * index), shift: 8 * index) }
  }

  /// The number of bits that `write` takes.
  static func bitCount(_ symbols: [UInt32], bits: Int, coded: Bool) -> Int {
    guard bits > HuffmanCode.maximumSymbolBits else {
      return bitCount(counts: counts(symbols, bits: bits), bits: bits, coded: coded)
    }
    return planes(bits).reduce(0) { sum, plane in
      let mask = UInt32(1) << UInt32(plane.bits) - 1
      let part = symbols.map { $0 >> UInt32(plane.shift) & mask }
      return sum + bitCount(counts: counts(part, bits: plane.bits), bits: plane.bits, coded: coded)
    }
  }

  /// The number of bits that `write` takes for symbols of at most 12 bits, where symbol s occurs `counts[s]`
  /// times.
  static func bitCount(counts: [Int], bits: Int, coded: Bool) -> Int {
    let count = counts.reduce(0, +)
    guard count > 0 else { return 0 }
    let smaller = coded ? smallerCode(counts, bits: bits) : nil
    return 1 + (smaller?.bitCount ?? bits * count)
  }

  /// The empirical entropy of symbols times their number, in bits.
  ///
  /// No code of single symbols, or of single planes of wide symbols, takes less, its table not counted.
  ///
  /// **Formula**: `-Σ n_s log2(n_s / n)`, where n_s of the n symbols are s.
  static func entropyBits(_ symbols: [UInt32], bits: Int) -> Double {
    guard bits > HuffmanCode.maximumSymbolBits else { return entropyBits(counts(symbols, bits: bits)) }
    return planes(bits).reduce(0) { sum, plane in
      let mask = UInt32(1) << UInt32(plane.bits) - 1
      return sum + entropyBits(counts(symbols.map { $0 >> UInt32(plane.shift) & mask }, bits: plane.bits))
    }
  }

  private static func entropyBits(_ counts: [Int]) -> Double {
    let total = Double(counts.reduce(0, +))
    return counts.reduce(0) { $1 > 0 ? $0 - Double($1) * log2(Double($1) / total) : $0 }
  }

  private static func counts(_ symbols: [UInt32], bits: Int) -> [Int] {
    var counts = Array(repeating: 0, count: 1 << bits)
    for symbol in symbols { counts[Int(symbol)] += 1 }
    return counts
  }

  private static func writePlane(_ symbols: [UInt32], bits: Int, coded: Bool, to writer: inout BitWriter) {
    guard !symbols.isEmpty else { return }
    if coded, let code = smallerCode(counts(symbols, bits: bits), bits: bits)?.code {
      writer.write(1, bits: 1)
      code.writeTable(to: &writer)
      code.write(symbols, to: &writer)
    } else {
      writer.write(0, bits: 1)
      for symbol in symbols { writer.write(symbol, bits: bits) }
    }
  }

  /// A code that takes less than the packed symbols, and its bits with those of the table; `nil` if there is
  /// none.
  private static func smallerCode(_ counts: [Int], bits: Int) -> (code: HuffmanCode, bitCount: Int)? {
    let code = HuffmanCode(counts: counts)
    var table = BitWriter()
    code.writeTable(to: &table)
    let bitCount = table.bitCount + code.bitCount(counts)
    return bitCount < bits * counts.reduce(0, +) ? (code, bitCount) : nil
  }

  private static func readPlane(
    count: Int, bits: Int, from reader: inout BitReader
  ) throws(CodingError) -> [UInt32] {
    guard count > 0 else { return [] }
    guard count <= reader.left else { throw .ended(needed: count, left: reader.left) }
    var symbols: [UInt32] = []
    if try reader.read(1) == 1 {
      let code = try HuffmanCode(tableFrom: &reader, symbolCount: 1 << bits)
      guard count <= reader.left else { throw .ended(needed: count, left: reader.left) }
      symbols.reserveCapacity(count)
      for _ in 0..<count { symbols.append(try code.read(from: &reader)) }
    } else {
      guard count * bits <= reader.left else { throw .ended(needed: count * bits, left: reader.left) }
      symbols.reserveCapacity(count)
      for _ in 0..<count { symbols.append(try reader.read(bits)) }
    }
    return symbols
  }
}
