/// A canonical prefix code, which is known from the lengths of its codes alone.
///
/// Shorter codes are smaller, and codes of one length ascend with their symbols.
///
/// **Paper**: Huffman, "A method for the construction of minimum-redundancy codes", Proc. IRE 40(9), 1952.
public struct HuffmanCode: Sendable, Equatable {
  /// The length of the longest code, in bits.
  public static let maximumLength = 15
  /// The widest symbols that are coded whole, in bits.
  static let maximumSymbolBits = 12

  /// The bits of each symbol's code; 0 for symbols that have none.
  public let lengths: [Int]
  /// The first code of each length, by length.
  private let firstCodes: [Int]
  /// The start of each length's symbols in `symbols`, by length.
  private let starts: [Int]
  /// The symbols with a code, by length and then by number.
  public let symbols: [Int]

  /// Makes the best code for symbols with these counts, among codes of at most `longest` bits.
  ///
  /// There must be enough such codes for the symbols that occur.
  public init(counts: [Int], longest: Int = maximumLength) {
    self.init(canonical: CodeLengths.optimal(counts: counts, limit: min(longest, Self.maximumLength)))
  }

  /// Makes the code of untrusted lengths.
  ///
  /// The code must leave no bits unused and use none twice, but a code of one symbol has one bit.
  init(lengths: [Int]) throws(CodingError) {
    let full = 1 << Self.maximumLength
    let used = lengths.reduce(0) { $0 + ($1 > 0 ? full >> $1 : 0) }
    let isSingle = lengths.filter { $0 > 0 } == [1]
    guard used == full || isSingle else {
      throw .invalid(
        what: "a Huffman table", expected: "a complete code", found: "\(used) of \(full) codes in use")
    }
    self.init(canonical: lengths)
  }

  private init(canonical lengths: [Int]) {
    self.lengths = lengths
    symbols = lengths.indices.filter { lengths[$0] > 0 }.sorted { (lengths[$0], $0) < (lengths[$1], $1) }
    var counts = Array(repeating: 0, count: Self.maximumLength + 1)
    for symbol in symbols { counts[lengths[symbol]] += 1 }
    var firstCodes = [0]
    var starts = [0]
    for length in 1...Self.maximumLength {
      let previous = length == 1 ? 0 : counts[length - 1]
      firstCodes.append((firstCodes[length - 1] + previous) << 1)
      starts.append(starts[length - 1] + previous)
    }
    self.firstCodes = firstCodes
    self.starts = starts + [symbols.count]
  }

  /// The bits of symbols with these counts, without the table.
  public func bitCount(_ counts: [Int]) -> Int { zip(counts, lengths).reduce(0) { $0 + $1.0 * $1.1 } }

  /// The code of each symbol; 0 for symbols that have none.
  public var codes: [UInt32] {
    var codes = Array(repeating: UInt32(0), count: lengths.count)
    for (rank, symbol) in symbols.enumerated() {
      let length = lengths[symbol]
      codes[symbol] = UInt32(firstCodes[length] + rank - starts[length])
    }
    return codes
  }

  /// Appends the codes of symbols.
  func write(_ values: [UInt32], to writer: inout BitWriter) {
    let codes = codes
    for value in values { writer.write(codes[Int(value)], bits: lengths[Int(value)]) }
  }

  /// Takes one symbol.
  func read(from reader: inout BitReader) throws(CodingError) -> UInt32 {
    let window = Int(reader.peek(Self.maximumLength))
    for length in 1...Self.maximumLength {
      let place = window >> (Self.maximumLength - length) - firstCodes[length]
      guard place < starts[length + 1] - starts[length] else { continue }
      try reader.skip(length)
      return UInt32(symbols[starts[length] + place])
    }
    throw .invalid(what: "a Huffman code", expected: "one of the table", found: "another")
  }
}

// The table of lengths: 0 is the length before; 10 and a bit are one more or one less; 110 and four bits are
// a length; 111 and a number in Elias' gamma code are so many symbols without a code. Neighbours in a
// bell-shaped histogram have nearly equal lengths, so that a symbol takes about two bits.
extension HuffmanCode {
  /// The length that is taken to precede the first one.
  private static func firstLength(symbolCount: Int) -> Int {
    min(maximumLength, max(1, BitWriter.logarithm(symbolCount)))
  }

  /// Appends the table of lengths.
  func writeTable(to writer: inout BitWriter) {
    var previous = Self.firstLength(symbolCount: lengths.count)
    var symbol = 0
    while symbol < lengths.count {
      let length = lengths[symbol]
      guard length > 0 else {
        let end = lengths[symbol...].firstIndex { $0 > 0 } ?? lengths.count
        writer.write(0b111, bits: 3)
        writer.writeGamma(end - symbol)
        symbol = end
        continue
      }
      switch length - previous {
      case 0: writer.write(0, bits: 1)
      case 1: writer.write(0b100, bits: 3)
      case -1: writer.write(0b101, bits: 3)
      default:
        writer.write(0b110, bits: 3)
        writer.write(UInt32(length), bits: 4)
      }
      previous = length
      symbol += 1
    }
  }

  /// Takes the table of a code for symbols below `symbolCount`.
  init(tableFrom reader: inout BitReader, symbolCount: Int) throws(CodingError) {
    var lengths: [Int] = []
    lengths.reserveCapacity(symbolCount)
    var previous = Self.firstLength(symbolCount: symbolCount)
    while lengths.count < symbolCount {
      if try reader.read(1) == 0 {
        lengths.append(previous)
      } else if try reader.read(1) == 0 {
        previous += try reader.read(1) == 0 ? 1 : -1
        lengths.append(previous)
      } else if try reader.read(1) == 0 {
        previous = Int(try reader.read(4))
        lengths.append(previous)
      } else {
        let run = try reader.readGamma()
        guard run <= symbolCount - lengths.count else {
          throw .invalid(
            what: "a Huffman table", expected: "\(symbolCount) symbols", found: "\(lengths.count + run)")
        }
        lengths.append(contentsOf: repeatElement(0, count: run))
        continue
      }
      guard (1...Self.maximumLength).contains(previous) else {
        throw .invalid(
          what: "a Huffman table", expected: "lengths of 1 to \(Self.maximumLength)", found: "\(previous)")
      }
    }
    try self.init(lengths: lengths)
  }
}

/// The lengths of the best prefix code whose codes have at most a given number of bits.
///
/// The method is package-merge. In a collection each symbol has one coin for each length, and pairs of coins
/// of one length are coins of the next. Of the 2n - 2 cheapest coins, those of a symbol are counted: their
/// number is its length. O(symbols · limit).
///
/// **Paper**: Larmore, Hirschberg, "A fast algorithm for optimal length-limited Huffman codes", JACM 37(3),
/// 1990.
enum CodeLengths {
  /// A coin: a symbol, or a package of two coins of the level below.
  private struct Coin {
    let weight: Int
    /// The symbol; `nil` for a package of the coins `2·pair` and `2·pair + 1` of the level below.
    let symbol: Int?
    let pair: Int
  }

  /// The length for each symbol, 0 for symbols that do not occur; a symbol that occurs alone gets 1.
  ///
  /// At most 2^limit symbols may occur.
  static func optimal(counts: [Int], limit: Int) -> [Int] {
    var lengths = Array(repeating: 0, count: counts.count)
    let present = counts.indices.filter { counts[$0] > 0 }
    precondition(present.count <= 1 << limit, "\(present.count) symbols for codes of \(limit) bits")
    guard present.count > 1 else {
      if let only = present.first { lengths[only] = 1 }
      return lengths
    }
    let singles = present.sorted { (counts[$0], $0) < (counts[$1], $1) }
      .map { Coin(weight: counts[$0], symbol: $0, pair: 0) }
    var levels = [singles]
    for _ in 1..<limit { levels.append(merged(singles, packages(of: levels[levels.count - 1]))) }
    count(2 * present.count - 2, of: levels, into: &lengths)
    return lengths
  }

  private static func packages(of coins: [Coin]) -> [Coin] {
    (0..<coins.count / 2).map { pair in
      Coin(weight: coins[2 * pair].weight + coins[2 * pair + 1].weight, symbol: nil, pair: pair)
    }
  }

  /// Merges both in order of weight; of equal weights, symbols come before packages.
  private static func merged(_ singles: [Coin], _ packages: [Coin]) -> [Coin] {
    var result: [Coin] = []
    result.reserveCapacity(singles.count + packages.count)
    var next = 0
    for single in singles {
      while next < packages.count, packages[next].weight < single.weight {
        result.append(packages[next])
        next += 1
      }
      result.append(single)
    }
    return result + packages[next...]
  }

  /// Counts the symbols among the first coins of the last level, whose packages are the first coins of the
  /// level below.
  private static func count(_ chosen: Int, of levels: [[Coin]], into lengths: inout [Int]) {
    var chosen = chosen
    for coins in levels.reversed() {
      var packages = 0
      for coin in coins.prefix(chosen) {
        if let symbol = coin.symbol { lengths[symbol] += 1 } else { packages += 1 }
      }
      chosen = 2 * packages
    }
  }
}
