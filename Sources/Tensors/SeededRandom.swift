import RealModule

/// A stream of random numbers that is a pure function of its key: SplitMix64, a counter-based generator.
///
/// Every draw in Condense comes from a stream that is keyed by its purpose, so neither the number of threads
/// nor a restart changes it:
///
///     var random = SeededRandom(seed: 7, purpose: "crop", epoch, index)
///     let offset = random.below(9)
///
/// Paper: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
public struct SeededRandom: RandomNumberGenerator, Sendable {
  /// The key of the stream; streams with one key draw the same numbers.
  public let key: UInt64
  private var counter: UInt64 = 0

  /// Makes the stream of a raw key.
  public init(key: UInt64) { self.key = key }

  /// Makes the stream for one purpose of one seed, refined by integers such as epoch and index.
  public init(seed: UInt64, purpose: String, _ refinements: Int...) {
    var key = Self.mix(seed &+ Self.increment)
    for byte in purpose.utf8 { key = Self.mix(key ^ UInt64(byte)) }
    for value in refinements { key = Self.refine(key, value) }
    self.key = key
  }

  /// The stream of the same key with one more refinement, without an allocation.
  ///
  /// `SeededRandom(seed: s, purpose: p, a).refined(by: b)` is `SeededRandom(seed: s, purpose: p, a, b)`.
  public func refined(by value: Int) -> SeededRandom { SeededRandom(key: Self.refine(key, value)) }

  @inline(__always)
  private static func refine(_ key: UInt64, _ value: Int) -> UInt64 {
    mix(key &+ increment ^ UInt64(bitPattern: Int64(value)))
  }

  private static let increment: UInt64 = 0x9E37_79B9_7F4A_7C15

  @inline(__always)
  private static func mix(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// The number at a position of the stream, found without drawing those before it.
  @inline(__always)
  public func bits(at index: Int) -> UInt64 {
    Self.mix(key &+ (UInt64(bitPattern: Int64(index)) &+ 1) &* Self.increment)
  }

  /// The uniform number in [0, 1) at a position of the stream.
  @inline(__always)
  public func uniform(at index: Int) -> Float { Float(bits(at: index) >> 40) * 0x1p-24 }

  /// The next 64 random bits.
  public mutating func next() -> UInt64 {
    defer { counter &+= 1 }
    return bits(at: Int(truncatingIfNeeded: counter))
  }

  /// The next uniform number in [0, 1), a multiple of 2⁻²⁴.
  public mutating func uniform() -> Float { Float(next() >> 40) * 0x1p-24 }

  /// The next uniform number in a range.
  public mutating func uniform(in range: ClosedRange<Float>) -> Float {
    range.lowerBound + (range.upperBound - range.lowerBound) * uniform()
  }

  /// The next uniform integer in 0..<bound, without modulo bias.
  public mutating func below(_ bound: Int) -> Int {
    precondition(bound > 0, "a random integer below \(bound)")
    return Int(next().multipliedFullWidth(by: UInt64(bound)).high)
  }

  /// The next standard normal number (Box-Muller; the second number of each pair is dropped).
  public mutating func normal() -> Float {
    let radius = Double.sqrt(-2 * Double.log(1 - Double(uniform())))
    return Float(radius * Double.cos(2 * .pi * Double(uniform())))
  }

  /// The standard normal number at a position of the stream (Box-Muller).
  ///
  /// Positions 2k and 2k + 1 are the pair that the bits at k give.
  public func normal(at index: Int) -> Float {
    let bits = bits(at: index >> 1)
    let radius = Double.sqrt(-2 * Double.log(1 - Double(bits >> 40) * 0x1p-24))
    let turn = Double((bits >> 16) & 0xFF_FFFF) * 0x1p-24
    let angle = 2 * .pi * (index & 1 == 0 ? turn : turn - 0.25)
    return Float(radius * Double.cos(angle))
  }

  /// The integers 0..<count in random order (Fisher-Yates); O(count).
  public mutating func permutation(_ count: Int) -> [Int] {
    var order = Array(0..<count)
    guard count > 1 else { return order }
    for i in stride(from: count - 1, through: 1, by: -1) { order.swapAt(i, below(i + 1)) }
    return order
  }
}
