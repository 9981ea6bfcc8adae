/// xxHash32 of a word as four bytes, the lowest first.
///
/// **Specification**: Collet, "xxHash fast digest algorithm", version 0.1.1,
/// https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md, for an input of four bytes.
enum XXHash32 {
  private static let primes: (UInt32, UInt32, UInt32, UInt32) = (
    2_246_822_519, 3_266_489_917, 668_265_263, 374_761_393
  )

  /// The hash of a word under a seed.
  static func hash(_ word: UInt32, seed: UInt32) -> UInt32 {
    let (second, third, fourth, fifth) = primes
    let lane = seed &+ fifth &+ 4 &+ word &* third
    var hash = (lane << 17 | lane >> 15) &* fourth
    hash ^= hash >> 15
    hash &*= second
    hash ^= hash >> 13
    hash &*= third
    hash ^= hash >> 16
    return hash
  }
}
