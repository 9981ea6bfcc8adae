import Crypto
import Foundation
import Tensors

/// A SHA-256 value, stored in place without a heap allocation.
struct ContentDigest: Hashable, Sendable {
  var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

  init() {}

  init(_ bytes: some Sequence<UInt8>) {
    var values: [4 of UInt64] = .init(repeating: 0)
    var i = 0
    for byte in bytes where i < 32 {
      values[i / 8] = values[i / 8] << 8 | UInt64(byte)
      i += 1
    }
    words = (values[0], values[1], values[2], values[3])
  }

  /// Makes the digest of some bytes.
  init(hashing bytes: some DataProtocol) { self.init(SHA256.hash(data: bytes)) }

  /// Appends the 32 bytes, the first of the digest first.
  func append(to bytes: inout [UInt8]) {
    for word in [words.0, words.1, words.2, words.3] {
      for i in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: word >> (56 - 8 * UInt64(i)))) }
    }
  }

  /// The 32 bytes.
  var bytes: [UInt8] {
    var bytes: [UInt8] = []
    append(to: &bytes)
    return bytes
  }

  /// 64 hexadecimal digits.
  var hexadecimal: String { bytes.hexadecimal }

  static func == (a: Self, b: Self) -> Bool { a.words == b.words }
  func hash(into hasher: inout Hasher) { hasher.combine(words.0) }
}
