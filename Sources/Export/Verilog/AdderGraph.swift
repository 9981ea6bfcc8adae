/// A product of a constant matrix and a vector, `y = M·x`, as shifts and two-input additions with shared
/// sums.
///
///     let graph = AdderGraph(rows: [[3, 5], [-3, 5]])
///     graph.adders                          // 4: 3a and 5b, once each, their sum and their difference
///
/// **Method** every constant is written in canonical signed digits (CSD), the form with the fewest digits,
/// where no two neighbours differ from zero. The most frequent pair of digits over all rows, up to a common
/// shift and sign, becomes a value, again and again (two-term common subexpression elimination: Hosangadi,
/// Fallah, Kastner, ICCAD 2005). The remaining terms of a row are added in pairs, the shallowest values
/// first.
///
/// Wide matrices are divided into blocks of inputs, and pairs are searched within a block, so that time and
/// memory are bounded.
public struct AdderGraph: Sendable, Equatable {
  /// A value shifted to the left, with a sign.
  public struct Term: Sendable, Hashable {
    /// The index of an input, or after the inputs of a node.
    public var value: Int
    /// The shift to the left in bits, not negative.
    public var shift: Int
    /// True if the term is subtracted.
    public var isNegative: Bool

    /// Makes a term.
    public init(_ value: Int, shift: Int = 0, isNegative: Bool = false) {
      self.value = value
      self.shift = shift
      self.isNegative = isNegative
    }
  }

  /// An addition or a subtraction; the first term is never subtracted.
  public struct Node: Sendable, Hashable {
    /// The two terms.
    public var first, second: Term

    /// Makes a node.
    public init(_ first: Term, _ second: Term) {
      self.first = first
      self.second = second
    }
  }

  /// The number of elements of x.
  public let inputs: Int
  /// The additions; each reads inputs and earlier nodes.
  public private(set) var nodes: [Node] = []
  /// The term of each row; `nil` for a row of zeros.
  public private(set) var outputs: [Term?] = []
  /// The depth of each value: the additions on the longest path to it.
  public private(set) var depths: [Int]

  /// The number of additions.
  public var adders: Int { nodes.count }
  /// The largest number of additions on a path from an input to an output.
  public var depth: Int { outputs.compactMap { $0.map { depths[$0.value] } }.max() ?? 0 }

  /// The largest number of digit pairs that are searched together.
  static let mostPairs = 4 << 20

  /// Finds a graph for a matrix, given by rows of equal lengths.
  public init(rows: [[Int]]) {
    inputs = rows.first?.count ?? 0
    depths = Array(repeating: 0, count: inputs)
    let digits = rows.map { row in row.enumerated().flatMap { SignedDigits.terms($0.element, of: $0.offset) }
    }
    var sums = Array(repeating: [Term](), count: rows.count)
    for block in Self.blocks(digits, inputs: inputs) {
      var search = PairSearch(digits.map { $0.filter { block.contains($0.value) } })
      while let pair = search.next() {
        search.replace(pair, by: append(pair.node))
      }
      for (row, terms) in search.rows.enumerated() { sums[row] += terms }
    }
    outputs = sums.map { sum($0) }
  }

  /// Ranges of inputs small enough to search all pairs of digits within them.
  private static func blocks(_ digits: [[Term]], inputs: Int) -> [Range<Int>] {
    func pairs(_ parts: Int) -> Int {
      digits.reduce(0) { $0 + $1.count * $1.count / 2 } / (parts * parts)
    }
    // All blocks together have the pairs of one block times the number of blocks.
    var parts = 1
    while parts < inputs, pairs(parts) * parts > mostPairs { parts += 1 }
    return (0..<parts).map { inputs * $0 / parts..<inputs * ($0 + 1) / parts }
  }

  /// Appends a node and returns its value.
  private mutating func append(_ node: Node) -> Int {
    nodes.append(node)
    depths.append(1 + max(depths[node.first.value], depths[node.second.value]))
    return depths.count - 1
  }

  /// Adds terms in pairs, the shallowest first; `nil` for no terms.
  private mutating func sum(_ terms: [Term]) -> Term? {
    var terms = terms.sorted { order($0) < order($1) }
    while terms.count > 1 {
      let joined = join(terms[0], terms[1])
      terms.removeFirst(2)
      let place = terms.firstIndex { order(joined) < order($0) } ?? terms.count
      terms.insert(joined, at: place)
    }
    return terms.first
  }

  private func order(_ term: Term) -> (Int, Int, Int) { (depths[term.value], term.value, term.shift) }

  /// The sum of two terms: a node, shifted by their common shift, and negated if both are.
  private mutating func join(_ one: Term, _ other: Term) -> Term {
    let isNegative = one.isNegative && other.isNegative
    let (plus, minus) = one.isNegative ? (other, one) : (one, other)
    let shift = min(one.shift, other.shift)
    let value = append(
      Node(
        Term(plus.value, shift: plus.shift - shift),
        Term(minus.value, shift: minus.shift - shift, isNegative: one.isNegative != other.isNegative)))
    return Term(value, shift: shift, isNegative: isNegative)
  }

  /// The product with a vector, computed by the graph.
  public func callAsFunction(_ x: [Int]) -> [Int] {
    var values = x
    func number(_ term: Term) -> Int { (term.isNegative ? -1 : 1) * (values[term.value] << term.shift) }
    for node in nodes { values.append(number(node.first) + number(node.second)) }
    return outputs.map { $0.map(number) ?? 0 }
  }
}

/// Numbers as sums and differences of powers of two.
enum SignedDigits {
  /// The canonical signed digits of a number, as terms of a value; none for zero.
  static func terms(_ number: Int, of value: Int = 0) -> [AdderGraph.Term] {
    var (rest, shift) = (number, 0)
    var terms: [AdderGraph.Term] = []
    while rest != 0 {
      if rest & 1 == 1 {
        // 1 where the next bit is 0, else -1, which leaves a 0 there.
        let isNegative = rest & 3 == 3
        terms.append(AdderGraph.Term(value, shift: shift, isNegative: isNegative))
        rest += isNegative ? 1 : -1
      }
      rest >>= 1
      shift += 1
    }
    return terms
  }
}

/// The pairs of digits in rows, with their frequencies.
private struct PairSearch {
  typealias Term = AdderGraph.Term

  /// Two values, the shift of the second relative to the first, and true if their signs differ.
  struct Pair: Hashable {
    let first, second, shift: Int
    let isDifference: Bool

    /// The pair of two different terms, ordered by value, then by shift.
    init(_ one: Term, _ other: Term) {
      let isOrdered = (one.value, one.shift) < (other.value, other.shift)
      let (a, b) = isOrdered ? (one, other) : (other, one)
      first = a.value
      second = b.value
      shift = b.shift - a.shift
      isDifference = a.isNegative != b.isNegative
    }

    /// The addition of the pair, where the lower term has shift 0.
    var node: AdderGraph.Node {
      AdderGraph.Node(
        Term(first, shift: max(0, -shift)), Term(second, shift: max(0, shift), isNegative: isDifference))
    }

    /// The second term of the pair whose first is `term`.
    func partner(of term: Term) -> Term {
      Term(second, shift: term.shift + shift, isNegative: term.isNegative != isDifference)
    }
  }

  private(set) var rows: [[Term]]
  private var counts: [Pair: Int] = [:]
  private var heap = PairHeap()

  init(_ rows: [[Term]]) {
    self.rows = rows
    for row in rows {
      for i in row.indices {
        for j in row.indices[(i + 1)...] { counts[Pair(row[i], row[j]), default: 0] += 1 }
      }
    }
    for (pair, count) in counts where count > 1 { heap.push(pair, count) }
  }

  /// The next pair to become a value; `nil` where none occurs twice.
  mutating func next() -> Pair? {
    while let (pair, count) = heap.pop() {
      let present = counts[pair] ?? 0
      guard present > 1 else { continue }
      if present == count { return pair }
      heap.push(pair, present)
    }
    return nil
  }

  /// Replaces a pair by a value wherever it occurs.
  mutating func replace(_ pair: Pair, by value: Int) {
    for row in rows.indices {
      var terms = Set(rows[row])
      for term in rows[row] where term.value == pair.first {
        let partner = pair.partner(of: term)
        guard partner != term, terms.contains(term), terms.contains(partner) else { continue }
        terms.remove(term)
        terms.remove(partner)
        let made = Term(value, shift: min(term.shift, partner.shift), isNegative: term.isNegative)
        rows[row].removeAll { $0 == term || $0 == partner }
        for other in rows[row] {
          count(Pair(term, other), -1)
          count(Pair(partner, other), -1)
          count(Pair(made, other), 1)
        }
        count(pair, -1)
        rows[row].append(made)
        terms.insert(made)
      }
    }
  }

  private mutating func count(_ pair: Pair, _ change: Int) {
    let count = (counts[pair] ?? 0) + change
    counts[pair] = count == 0 ? nil : count
    if change > 0, count > 1 { heap.push(pair, count) }
  }
}

/// A heap of pairs by their frequency when they were pushed, the most frequent first; ties are in the order
/// of values.
private struct PairHeap {
  private typealias Entry = (pair: PairSearch.Pair, count: Int)
  private var entries: [Entry] = []

  private static func isBefore(_ a: Entry, _ b: Entry) -> Bool {
    if a.count != b.count { return a.count > b.count }
    if a.pair.second != b.pair.second { return a.pair.second < b.pair.second }
    if a.pair.first != b.pair.first { return a.pair.first < b.pair.first }
    if a.pair.shift != b.pair.shift { return a.pair.shift < b.pair.shift }
    return !a.pair.isDifference && b.pair.isDifference
  }

  mutating func push(_ pair: PairSearch.Pair, _ count: Int) {
    entries.append((pair, count))
    var place = entries.count - 1
    while place > 0, Self.isBefore(entries[place], entries[(place - 1) / 2]) {
      entries.swapAt(place, (place - 1) / 2)
      place = (place - 1) / 2
    }
  }

  mutating func pop() -> (PairSearch.Pair, Int)? {
    guard let top = entries.first, let last = entries.popLast() else { return nil }
    guard !entries.isEmpty else { return (top.pair, top.count) }
    entries[0] = last
    var place = 0
    while true {
      let children = [2 * place + 1, 2 * place + 2].filter { $0 < entries.count }
      guard let best = children.min(by: { Self.isBefore(entries[$0], entries[$1]) }),
        Self.isBefore(entries[best], entries[place])
      else { return (top.pair, top.count) }
      entries.swapAt(place, best)
      place = best
    }
  }
}
