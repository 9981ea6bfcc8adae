import Graphs
import Tensors

/// The groups of `of` neighbours along a tensor's second axis, and the combinations of survivors in a group.
///
/// Groups are in the order of their first elements. A group has `kept` survivors; combinations are numbered
/// in colexicographic order.
struct NeighbourGroups {
  /// The most neighbours of a group.
  static let largest = 32
  /// The most combinations that are numbered.
  private static let mostCombinations = 1 << 16

  let kept: Int
  let of: Int
  private let shape: Shape
  /// `binomials[n][k]`, for k up to `kept`.
  private let binomials: [[Int]]

  /// True if groups of these sizes can be stored, in tensors whose inputs they divide.
  static func isKnown(kept: Int, of: Int) -> Bool {
    guard (2...largest).contains(of), (1..<of).contains(kept) else { return false }
    return binomial(of, kept) <= mostCombinations
  }

  /// The number of subsets of k among n elements, where n is at most `largest`.
  static func binomial(_ n: Int, _ k: Int) -> Int {
    guard (0...n).contains(k) else { return 0 }
    return (0..<k).reduce(1) { $0 * (n - $1) / ($1 + 1) }
  }

  /// Makes the groups of a tensor; `nil` if they do not divide its inputs or have too many combinations.
  init?(kept: Int, of: Int, shape: Shape) {
    guard Self.isKnown(kept: kept, of: of), shape.rank >= 2, shape.count > 0, shape[1] % of == 0 else {
      return nil
    }
    self.kept = kept
    self.of = of
    self.shape = shape
    binomials = (0...of).map { n in (0...kept).map { Self.binomial(n, $0) } }
  }

  /// The bits of a group's symbol.
  var bits: Int { PlaceForm.bits(below: Self.binomial(of, kept)) }
  /// The number of groups.
  var count: Int { shape.count / of }

  /// The first element of each group; its neighbours lie `spacing` apart.
  private var firsts: some Sequence<Int> {
    let spacing = spacing
    return (0..<count).lazy.map { group in group / spacing * spacing * of + group % spacing }
  }

  private var spacing: Int { shape.dimensions.dropFirst(2).reduce(1, *) }

  /// A symbol for each group; `nil` if a group has other than `kept` survivors.
  func symbols(of mask: Mask) -> [UInt32]? {
    var symbols: [UInt32] = []
    symbols.reserveCapacity(count)
    let spacing = spacing
    for first in firsts {
      var (found, rank) = (0, 0)
      for place in 0..<of where mask[first + place * spacing] {
        found += 1
        guard found <= kept else { return nil }
        rank += binomials[place][found]
      }
      guard found == kept else { return nil }
      symbols.append(UInt32(rank))
    }
    return symbols
  }

  /// The survivors, in no order; `nil` if a symbol stands for no combination.
  func survivors(_ symbols: [UInt32]) -> [Int]? {
    let combinations = Self.binomial(of, kept)
    let spacing = spacing
    var survivors: [Int] = []
    survivors.reserveCapacity(count * kept)
    for (first, symbol) in zip(firsts, symbols) {
      var rank = Int(symbol)
      guard rank < combinations else { return nil }
      var place = of - 1
      for number in (1...kept).reversed() {
        // The combinatorial number system: the largest place whose binomial is not above the rank is the next
        // survivor.
        while binomials[place][number] > rank { place -= 1 }
        rank -= binomials[place][number]
        survivors.append(first + place * spacing)
        place -= 1
      }
    }
    return survivors
  }
}
