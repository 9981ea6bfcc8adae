/// Which layers of two runs are the same layer.
///
/// Names tell; where they differ, order and extents do: between two layers of one name stand as many of the same extents, or what
/// ends a stretch of one extent, which is there whatever steps the stretch was written in.
struct LayerMatch {
  /// Positions in both lists, in the order of the first.
  private(set) var pairs: [(first: Int, second: Int)] = []

  /// Matches two lists of layers.
  init(_ first: [RunLayer], _ second: [RunLayer]) {
    let named = Self.named(first, second)
    var (begin, otherBegin) = (0, 0)
    for anchor in named + [(first.count, second.count)] {
      pairs += Self.between(first, begin..<anchor.0, second, otherBegin..<max(anchor.1, otherBegin))
      if anchor.0 < first.count { pairs.append((anchor.0, anchor.1)) }
      (begin, otherBegin) = (anchor.0 + 1, anchor.1 + 1)
    }
  }

  /// Layers of one name and as many elements, as far as both lists have them in one order.
  private static func named(_ first: [RunLayer], _ second: [RunLayer]) -> [(Int, Int)] {
    let places = Dictionary(
      second.enumerated().map { ($0.element.name, $0.offset) }, uniquingKeysWith: { first, _ in first })
    var anchors: [(Int, Int)] = []
    var last = -1
    for (position, layer) in first.enumerated() {
      guard let place = places[layer.name], place > last, second[place].values.count == layer.values.count
      else { continue }
      anchors.append((position, place))
      last = place
    }
    return anchors
  }

  private static func between(
    _ first: [RunLayer], _ range: Range<Int>, _ second: [RunLayer], _ other: Range<Int>
  ) -> [(first: Int, second: Int)] {
    func areAlike(_ some: [Int], _ others: [Int]) -> Bool {
      some.map { first[$0].shape } == others.map { second[$0].shape }
    }
    if areAlike(Array(range), Array(other)) { return zip(range, other).map { ($0, $1) } }
    let ends = range.filter { $0 + 1 == range.upperBound || first[$0].shape != first[$0 + 1].shape }
    let otherEnds = other.filter { $0 + 1 == other.upperBound || second[$0].shape != second[$0 + 1].shape }
    return areAlike(ends, otherEnds) ? zip(ends, otherEnds).map { ($0, $1) } : []
  }
}
