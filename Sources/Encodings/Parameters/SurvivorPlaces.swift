import Graphs

/// Where survivors are, as a stream: gaps between them, or a bit for each element, whichever takes less.
enum SurvivorPlaces {
  /// The widths of a gap that are tried, in bits.
  static let widths = 2...12

  /// The stream of a mask.
  static func stream(of mask: Mask) -> StoredTensor.Stream {
    let gaps = gaps(of: mask)
    let sizes = widths.map { width in (bits: width * symbolCount(gaps, width: width), width: width) }
    let best = sizes.min { ($0.bits, $0.width) < ($1.bits, $1.width) }
    guard let best, best.bits <= mask.count else {
      let symbols = (0..<mask.count).map { UInt32(mask[$0] ? 1 : 0) }
      return .init(name: "mask", bits: 1, symbols: symbols)
    }
    return .init(name: "gaps", bits: best.width, symbols: symbols(gaps, width: best.width))
  }

  /// The zeros before each survivor.
  private static func gaps(of mask: Mask) -> [Int] {
    var next = 0
    return mask.survivors.map { place in
      defer { next = place + 1 }
      return place - next
    }
  }

  /// Symbols of a width that gaps take.
  private static func symbolCount(_ gaps: [Int], width: Int) -> Int {
    let skip = 1 << width - 1
    return gaps.reduce(gaps.count) { $0 + $1 / skip }
  }

  private static func symbols(_ gaps: [Int], width: Int) -> [UInt32] {
    let skip = 1 << width - 1
    var symbols: [UInt32] = []
    symbols.reserveCapacity(symbolCount(gaps, width: width))
    for gap in gaps {
      symbols.append(contentsOf: repeatElement(UInt32(skip), count: gap / skip))
      symbols.append(UInt32(gap % skip))
    }
    return symbols
  }

  /// The mask of a stream, which is untrusted.
  static func mask(_ stream: StoredTensor.Stream, count: Int) throws(EncodingError) -> Mask {
    switch stream.name {
    case "gaps": return try mask(gaps: stream, count: count)
    case "mask":
      guard stream.bits == 1, stream.symbols.count == count else {
        throw .invalid(
          kind: Sparse.kind, what: "mask", expected: "\(count) symbols of 1 bit",
          found: "\(stream.symbols.count) of \(stream.bits)")
      }
      return Mask(stream.symbols.map { $0 == 1 })
    default:
      throw .invalid(
        kind: Sparse.kind, what: "first stream", expected: "gaps or mask", found: "\"\(stream.name)\"")
    }
  }

  private static func mask(gaps: StoredTensor.Stream, count: Int) throws(EncodingError) -> Mask {
    guard widths.contains(gaps.bits) else {
      throw .invalid(
        kind: Sparse.kind, what: "gaps",
        expected: "symbols of \(widths.lowerBound) to \(widths.upperBound) bits", found: "\(gaps.bits) bits")
    }
    let skip = UInt32(1 << gaps.bits - 1)
    var survivors: [Int] = []
    var next = 0
    for symbol in gaps.symbols {
      next += Int(symbol)
      guard next < count else {
        throw .invalid(
          kind: Sparse.kind, what: "gaps", expected: "survivors among \(count) elements",
          found: "one at place \(next)")
      }
      guard symbol < skip else { continue }
      survivors.append(next)
      next += 1
    }
    return Mask(count: count, survivors: survivors)
  }
}
