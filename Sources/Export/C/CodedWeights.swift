import Encodings

/// Huffman-coded weights: canonical codes, from the highest bit of a byte, for a decoder without tables of
/// codes.
struct CodedWeights {
  /// The codes, without gaps.
  let bytes: [UInt8]
  /// The number of codes of each length, from 1 to the longest.
  let lengths: [Int]
  /// The weights, sorted by the length and number of their codes.
  let symbols: [Int8]

  /// Codes weights; there must be at least one.
  init(_ weights: [Int8]) {
    var counts = Array(repeating: 0, count: 256)
    for weight in weights { counts[Int(weight) + 128] += 1 }
    let code = HuffmanCode(counts: counts)
    let longest = code.lengths.max() ?? 1
    lengths = (1...longest).map { length in code.lengths.count { $0 == length } }
    symbols = code.symbols.map { Int8($0 - 128) }
    var bytes = [UInt8](repeating: 0, count: (code.bitCount(counts) + 7) / 8)
    var bit = 0
    let codes = code.codes
    for weight in weights {
      let symbol = Int(weight) + 128
      for place in (0..<code.lengths[symbol]).reversed() {
        if codes[symbol] >> UInt32(place) & 1 == 1 { bytes[bit / 8] |= 128 >> UInt8(bit % 8) }
        bit += 1
      }
    }
    self.bytes = bytes
  }

  /// The bytes of the codes and of the decoder's data.
  var byteCount: Int { bytes.count + 2 * lengths.count + symbols.count }
}
