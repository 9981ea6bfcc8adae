import Encodings

/// Weights as Huffman codes, as a decoder without tables of codes reads them: canonical, the highest bit first.
struct CodedWeights {
  /// The codes, without gaps.
  let bytes: [UInt8]
  /// By length from 1 on, how many codes have it, up to the longest.
  let lengths: [Int]
  /// The weights by their codes' length and number.
  let symbols: [Int8]

  /// Codes weights, of which there must be one at least.
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

  /// What they take, with what decodes them.
  var byteCount: Int { bytes.count + 2 * lengths.count + symbols.count }
}
