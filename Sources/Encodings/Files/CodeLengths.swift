/// The lengths of the best prefix code whose codes have at most so many bits.
///
/// Package-merge: the 2n - 2 cheapest coins of a collection in which each symbol has one coin a length, and pairs of coins
/// of one length are coins of the next; a symbol's length is the number of its coins among them. O(symbols · limit).
///
/// **Paper**: Larmore, Hirschberg, "A fast algorithm for optimal length-limited Huffman codes", JACM 37(3), 1990.
enum CodeLengths {
  /// A coin: a symbol, or a package of two coins of the level below.
  private struct Coin {
    let weight: Int
    /// The symbol; `nil` for a package, which holds coins `2·pair` and `2·pair + 1` of the level below.
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

  /// Both in order of weight, symbols before packages of equal weight.
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

  /// Counts the symbols among the first coins of the last level: its packages are the first coins of the level below.
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
