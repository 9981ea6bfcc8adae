/// The multiplication of a lane of the folded engine, in the cheapest form that holds all weights.
///
/// If weights are sums of powers of two, a lane shifts. It subtracts by inverting all bits, `-x = ~x + 1`;
/// the missing ones are the same for every image, and the bias contains them.
struct VerilogLane: Sendable, Equatable {
  enum Form: Sendable, Equatable {
    /// ±1: one bit for each weight.
    case signs
    /// Signed powers of two and zero; a code holds the index of the exponent, from 1.
    case powers([Int])
    /// Sums and differences of two powers of two.
    case pairs([Int])
    /// Integers of a number of bits, with a multiplier.
    case integers(bits: Int)
  }

  let form: Form

  /// Chooses the form for some weights.
  init(_ weights: [Int8]) {
    let magnitudes = Set(weights.map { Int($0.magnitude) })
    let digits = magnitudes.map { SignedDigits.terms($0) }
    let most = digits.reduce(0) { max($0, $1.count) }
    let exponents = Set(digits.joined().map(\.shift)).sorted()
    form =
      if magnitudes == [1] { .signs } else if most <= 1 {
        .powers(exponents)
      } else if most == 2, magnitudes.count < 64 {
        .pairs(exponents)
      } else { .integers(bits: VerilogBits.signed(magnitudes.max() ?? 0)) }
  }

  /// The bits of a weight's code.
  var bits: Int {
    switch form {
    case .signs: 1
    case .powers(let exponents): 1 + Self.placeBits(exponents)
    case .pairs(let exponents): 2 * (1 + Self.placeBits(exponents))
    case .integers(let bits): bits
    }
  }

  private static func placeBits(_ exponents: [Int]) -> Int { VerilogBits.index(exponents.count + 1) }

  /// The code of a weight.
  func code(_ weight: Int8) -> UInt {
    switch form {
    case .signs: return weight < 0 ? 1 : 0
    case .powers(let exponents): return Self.code(SignedDigits.terms(Int(weight)).first, exponents)
    case .pairs(let exponents):
      let terms = SignedDigits.terms(Int(weight))
      let width = 1 + Self.placeBits(exponents)
      return Self.code(terms.first, exponents) | Self.code(terms.dropFirst().first, exponents) << UInt(width)
    case .integers(let bits): return UInt(UInt8(bitPattern: weight)) & (1 << UInt(bits) - 1)
    }
  }

  private static func code(_ term: AdderGraph.Term?, _ exponents: [Int]) -> UInt {
    guard let term, let place = exponents.firstIndex(of: term.shift) else { return 0 }
    return UInt(place + 1) | (term.isNegative ? 1 << UInt(placeBits(exponents)) : 0)
  }

  /// The number of subtractions by inversion over a channel's weights.
  func inversions(_ weights: some Sequence<Int8>) -> Int {
    switch form {
    case .integers: 0
    default: weights.reduce(0) { $0 + SignedDigits.terms(Int($1)).count { $0.isNegative } }
    }
  }

  /// The bits of a product with a number of nine bits.
  var productBits: Int {
    switch form {
    case .signs: 9
    case .powers(let exponents): 9 + (exponents.max() ?? 0)
    case .pairs(let exponents): 10 + (exponents.max() ?? 0)
    case .integers(let bits): 8 + bits
    }
  }

  /// Declarations and clocked statements that compute `product` from `number` and the code `weight`, two
  /// cycles later.
  var lines: (declarations: [String], statements: [String]) {
    let range = "[\(productBits - 1):0]"
    switch form {
    case .signs:
      return (
        ["reg signed [8:0] part;", "reg inverts;", "reg signed \(range) product;"],
        ["part <= number;", "inverts <= weight;", "product <= inverts ? ~part : part;"]
      )
    case .powers(let exponents):
      let (declarations, statements) = Self.digit("", exponents, offset: 0, range)
      return (
        declarations + ["reg signed \(range) product;"],
        statements + ["product <= inverts ? ~part : part;"]
      )
    case .pairs(let exponents):
      let width = 1 + Self.placeBits(exponents)
      let (low, high) = (
        Self.digit("_low", exponents, offset: 0, range), Self.digit("_high", exponents, offset: width, range)
      )
      return (
        low.0 + high.0 + [
          "reg signed \(range) product;", "wire signed \(range) low = inverts_low ? ~part_low : part_low;",
          "wire signed \(range) high = inverts_high ? ~part_high : part_high;",
        ], low.1 + high.1 + ["product <= low + high;"]
      )
    case .integers:
      return (
        ["reg signed \(range) part;", "reg signed \(range) product;"],
        ["part <= number * $signed(weight);", "product <= part;"]
      )
    }
  }

  /// A digit of a code as a shifted number, and its inversion.
  private static func digit(
    _ suffix: String, _ exponents: [Int], offset: Int, _ range: String
  ) -> ([String], [String]) {
    let places = placeBits(exponents)
    let cases = exponents.enumerated().map { place, exponent in
      "  \(places)'d\(place + 1): part\(suffix) <= number\(exponent == 0 ? "" : " <<< \(exponent)");"
    }
    return (
      ["reg signed \(range) part\(suffix);", "reg inverts\(suffix);"],
      ["case (weight[\(offset) +: \(places)])"] + cases + [
        "  default: part\(suffix) <= 0;", "endcase", "inverts\(suffix) <= weight[\(offset + places)];",
      ]
    )
  }
}
