public import Graphs
public import Tensors

extension PowersOfTwo {
  /// The number that is added to an exponent in files.
  private static let bias = 127

  /// The symbols of a tensor of projected values, row-major.
  public func symbols(_ tensor: Tensor) -> [UInt8] {
    // Indexed by number + 127, as numbers reach from -127 to 127.
    let table = (-127...127).map { UInt8(levels.symbol(of: $0)) }
    return grid.integers(tensor).map { table[Int($0) + 127] }
  }

  /// Stores the streams `exponents` (biased, 8 bits) and `numbers` (a sign before the position in the set).
  public func store(_ tensor: Tensor) -> StoredTensor {
    StoredTensor(
      numbers: [
        "termBits": levels.termBits, "terms": levels.terms, "alphabet": levels.alphabet,
        "log": rounding == .log ? 1 : 0,
      ],
      streams: [
        .init(name: "exponents", bits: 8, symbols: exponents.map { UInt32($0 + Self.bias) }),
        .init(
          name: "numbers", bits: levels.bits, symbols: symbols(tensor).map { UInt32($0) }, isElementwise: true
        ),
      ])
  }

  /// Restores numbers; throws for unknown sets, invalid exponents, and symbols without a number.
  ///
  /// There must be one exponent, or one a channel.
  public static func restore(
    _ stored: StoredTensor, shape: Shape
  ) throws(EncodingError) -> (PowersOfTwo, Tensor) {
    let levels = try levelSet(of: stored)
    let exponents = try stored.stream("exponents", bits: 8, of: kind).map { Int($0) - bias }
    if let bad = exponents.first(where: { !exponentRange.contains($0) }) {
      throw .invalid(
        kind: kind, what: "exponents", expected: "\(exponentRange.lowerBound)…\(exponentRange.upperBound)",
        found: "\(bad)")
    }
    guard exponents.count == 1 || (shape.rank > 0 && exponents.count == shape[0]), !exponents.isEmpty else {
      throw .invalid(
        kind: kind, what: "exponents", expected: "1, or 1 for each index on axis 0 of \(shape)",
        found: "\(exponents.count)")
    }
    let symbols = try stored.stream("numbers", bits: levels.bits, of: kind)
    guard symbols.count == shape.count else {
      throw .invalid(
        kind: kind, what: "numbers", expected: "\(shape.count) for \(shape)", found: "\(symbols.count)")
    }
    let rounding: LevelRounding = stored.numbers["log"] == 1 ? .log : .linear
    let encoding = PowersOfTwo(levels: levels, rounding: rounding, exponents: exponents)
    return (encoding, Tensor(try encoding.values(symbols), shape: shape))
  }

  private static func levelSet(of stored: StoredTensor) throws(EncodingError) -> LevelSet {
    func number(_ name: String) throws(EncodingError) -> Int {
      guard let number = stored.numbers[name] else { throw .missing(kind: kind, what: "number \"\(name)\"") }
      return number
    }
    let (bits, terms, alphabet) = (try number("termBits"), try number("terms"), try number("alphabet"))
    if let problem = LevelSet.problem(termBits: bits, terms: terms, alphabet: alphabet) {
      throw .invalid(kind: kind, what: "numbers", expected: "a set", found: problem)
    }
    return alphabet > 0 ? LevelSet(alphabet: alphabet) : LevelSet(termBits: bits, terms: terms)
  }

  private func values(_ symbols: [UInt32]) throws(EncodingError) -> [Float] {
    let table = (0..<1 << levels.bits).map { levels.number(of: $0) }
    let scales = scales
    let width = max(symbols.count / scales.count, 1)
    var values: [Float] = []
    values.reserveCapacity(symbols.count)
    for (index, symbol) in symbols.enumerated() {
      guard Int(symbol) < table.count, let number = table[Int(symbol)] else {
        throw .invalid(
          kind: Self.kind, what: "number \(index)",
          expected: "the symbol of zero or of one of \(levels.magnitudes)",
          found: "\(symbol)")
      }
      values.append(Float(number) * scales[index / width])
    }
    return values
  }
}
