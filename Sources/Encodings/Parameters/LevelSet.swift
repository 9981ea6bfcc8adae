/// The integers that a weight may be in steps of a scale: zero, and magnitudes of at most seven bits with
/// either sign.
///
/// The sets are made for hardware without a multiplier, where a product is a few shifts and sums:
///
/// - powers of two, or sums of at most two of either sign (Ding et al., "LightNN: Filling the gap between
///   conventional deep neural networks and binarized networks", GLSVLSI 2017, arXiv:1802.02178);
/// - numbers whose two quartets are odd numbers of a small set, the alphabet, times a power of two (Sarwar et
///   al., "Multiplier-less artificial neurons exploiting error resiliency for energy-efficient neural
///   computing", DATE 2016, arXiv:1602.08557).
public struct LevelSet: Sendable, Hashable {
  /// The bits of a term with its sign: 2, 3 or 4; 0 with an alphabet.
  ///
  /// Exponents are 0…2^(bits-1) - 2, as one code stands for zero.
  public let termBits: Int
  /// The number of terms of a sum, 1 or 2; 0 with an alphabet.
  public let terms: Int
  /// The largest number of the alphabet: 1, 3 (with 1) or 7 (with 1, 3, 5); 0 for sums of powers.
  public let alphabet: Int
  /// The magnitudes, ascending, 1…127.
  public let magnitudes: [Int]

  /// Makes a set of sums of powers of two.
  public init(termBits: Int, terms: Int = 1) {
    precondition(Self.problem(termBits: termBits, terms: terms, alphabet: 0) == nil)
    self.termBits = termBits
    self.terms = terms
    alphabet = 0
    magnitudes = Self.sums(termBits: termBits, terms: terms)
  }

  /// Makes a set of numbers whose quartets are of an alphabet.
  public init(alphabet: Int) {
    precondition(Self.problem(termBits: 0, terms: 0, alphabet: alphabet) == nil)
    termBits = 0
    terms = 0
    self.alphabet = alphabet
    let lower = Self.quartets(alphabet, below: 16)
    magnitudes = Self.quartets(alphabet, below: 8).flatMap { upper in lower.map { 16 * upper + $0 } }
      .filter { $0 > 0 }.sorted()
  }

  /// The reason for which numbers describe no set; `nil` if they do.
  static func problem(termBits: Int, terms: Int, alphabet: Int) -> String? {
    if alphabet == 0 {
      return (2...4).contains(termBits) && (1...2).contains(terms)
        ? nil : "\(terms) terms of \(termBits) bits, expected 1 or 2 of 2…4 bits"
    }
    return [1, 3, 7].contains(alphabet) && termBits == 0 && terms == 0
      ? nil : "an alphabet up to \(alphabet), expected 1, 3 or 7, and no terms"
  }

  private static func sums(termBits: Int, terms: Int) -> [Int] {
    let powers = (0..<(1 << (termBits - 1) - 1)).map { 1 << $0 }
    guard terms == 2 else { return powers }
    let pairs = powers.flatMap { a in powers.flatMap { [a + $0, a - $0] } }
    return Set(powers + pairs).filter { (1...127).contains($0) }.sorted()
  }

  private static func quartets(_ alphabet: Int, below limit: Int) -> [Int] {
    let odd = Array(stride(from: 1, through: alphabet, by: 2))
    return Set([0] + odd.flatMap { letter in (0..<4).map { letter << $0 } }).filter { $0 < limit }.sorted()
  }

  /// The bits of a symbol: a sign, and then the position among zero and the magnitudes.
  public var bits: Int { 1 + Int.bitWidth - magnitudes.count.leadingZeroBitCount }

  /// The number of a symbol; `nil` if it stands for none, as zero with a sign does.
  public func number(of symbol: Int) -> Int? {
    let sign = 1 << (bits - 1)
    let place = symbol & (sign - 1)
    guard symbol < 2 * sign, place <= magnitudes.count, place > 0 || symbol == 0 else { return nil }
    guard place > 0 else { return 0 }
    return symbol & sign == 0 ? magnitudes[place - 1] : -magnitudes[place - 1]
  }

  /// The symbol of a number of the set; 0 for other numbers.
  public func symbol(of number: Int) -> Int {
    guard number != 0, let place = magnitudes.firstIndex(of: abs(number)) else { return 0 }
    return place + 1 + (number < 0 ? 1 << (bits - 1) : 0)
  }
}
