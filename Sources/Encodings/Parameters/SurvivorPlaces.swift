import Graphs
import Tensors

/// The places of a mask's survivors, written as streams in the form of the fewest bits.
struct SurvivorPlaces {
  private let mask: Mask
  private let shape: Shape
  private let survivors: [Int]

  /// Takes a mask with as many elements as the shape.
  init(_ mask: Mask, shape: Shape) {
    self.mask = mask
    self.shape = shape
    survivors = mask.survivors
  }

  /// The rows of a shape and the elements of each: a row belongs to one index of the first axis.
  static func rows(of shape: Shape) -> (rows: Int, columns: Int) {
    let rows = max(1, shape.dimensions.first ?? 1)
    return (rows, shape.count / rows)
  }

  /// The streams in a form; if a form that was read does not fit the mask, the smallest takes its place.
  func streams(as form: StoredForm) -> [StoredTensor.Stream] {
    switch form {
    case .packed: smallest(coded: false)
    case .coded: smallest(coded: true)
    case .like(let stored): PlaceForm(of: stored.streams).flatMap { streams($0) } ?? smallest(coded: false)
    }
  }

  // MARK: Sizes

  /// The streams of the form that takes the fewest bits in a file; of equal ones the first.
  private func smallest(coded: Bool) -> [StoredTensor.Stream] {
    var best: (bits: Int, form: PlaceForm) = (.max, .mask(bits: 1))
    let maskSize = (PlaceForm.mask(bits: 1), countBits(shape.count) + shape.count + 1)
    for (form, bits) in gapSizes(coded: coded) + [maskSize] where bits < best.bits { best = (bits, form) }
    for form in [.mask(bits: 8), .rows] + patterns {
      guard let streams = streams(form) else { continue }
      var bits = 0
      var previous: Int?
      for stream in streams {
        bits += countBits(stream.symbols.count, previous: previous)
        bits += SymbolCoding.bitCount(stream.symbols, bits: stream.bits, coded: coded)
        previous = stream.symbols.count
      }
      if bits < best.bits { best = (bits, form) }
    }
    return streams(best.form) ?? []
  }

  /// The bits in which a file holds the number of a stream's symbols.
  private func countBits(_ count: Int, previous: Int? = nil) -> Int {
    var writer = BitWriter()
    SymbolCount.write(count, shape: shape, previous: previous, to: &writer)
    return writer.bitCount
  }

  /// The bits that gaps of every width take, computed from the number of times each gap occurs.
  private func gapSizes(coded: Bool) -> [(PlaceForm, Int)] {
    var occurrences: [Int: Int] = [:]
    for gap in gaps { occurrences[gap, default: 0] += 1 }
    return PlaceForm.gapWidths.map { width in
      let skip = 1 << width - 1
      var counts = Array(repeating: 0, count: skip + 1)
      for (gap, times) in occurrences {
        counts[gap % skip] += times
        counts[skip] += times * (gap / skip)
      }
      let bits = SymbolCoding.bitCount(counts: counts, bits: width, coded: coded)
      return (.gaps(bits: width), bits + countBits(counts.reduce(0, +)))
    }
  }

  /// The patterns of neighbours that the number of survivors allows.
  private var patterns: [PlaceForm] {
    guard shape.rank >= 2, shape.count > 0 else { return [] }
    return (2...NeighbourGroups.largest).compactMap { of in
      // All groups of a pattern have equally many survivors, so their number decides `kept`.
      let kept = survivors.count * of / shape.count
      guard kept * shape.count == survivors.count * of else { return nil }
      return .pattern(kept: kept, of: of)
    }
  }

  // MARK: Writing

  /// The streams of a form; `nil` if the mask does not fit it.
  private func streams(_ form: PlaceForm) -> [StoredTensor.Stream]? {
    switch form {
    case .gaps(let bits): return [.init(name: "gaps", bits: bits, symbols: gapSymbols(width: bits))]
    case .mask(let bits): return [.init(name: "mask", bits: bits, symbols: maskSymbols(width: bits))]
    case .rows: return rowStreams
    case .pattern(let kept, let of):
      guard let groups = NeighbourGroups(kept: kept, of: of, shape: shape),
        let symbols = groups.symbols(of: mask)
      else { return nil }
      return [.init(name: form.description, bits: groups.bits, symbols: symbols)]
    }
  }

  /// The zeros before each survivor.
  private var gaps: [Int] {
    var next = 0
    return survivors.map { place in
      defer { next = place + 1 }
      return place - next
    }
  }

  private func gapSymbols(width: Int) -> [UInt32] {
    let skip = 1 << width - 1
    var symbols: [UInt32] = []
    symbols.reserveCapacity(survivors.count)
    for gap in gaps {
      symbols.append(contentsOf: repeatElement(UInt32(skip), count: gap / skip))
      symbols.append(UInt32(gap % skip))
    }
    return symbols
  }

  private func maskSymbols(width: Int) -> [UInt32] {
    var symbols = Array(repeating: UInt32(0), count: (mask.count + width - 1) / width)
    for place in survivors { symbols[place / width] |= 1 << UInt32(place % width) }
    return symbols
  }

  private var rowStreams: [StoredTensor.Stream] {
    let (rows, columns) = Self.rows(of: shape)
    let widths = PlaceForm.rowWidths(columns: columns)
    var counts = Array(repeating: UInt32(0), count: rows)
    for place in survivors { counts[place / columns] += 1 }
    return [
      .init(name: "rows", bits: widths.count, symbols: counts),
      .init(name: "columns", bits: widths.column, symbols: survivors.map { UInt32($0 % columns) }),
    ]
  }
}
