/// The matching of the layers of two runs.
///
/// Layers of equal names match. Between two such layers, the others match by order and shape, either all of
/// them or, where their numbers differ, the last layers of stretches of equal shape: these exist however many
/// steps a stretch was written in.
struct LayerMatch {
  /// The indices of matching layers in both lists, in the order of the first.
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

  /// The layers with equal names and element counts, as far as both lists have them in the same order.
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
