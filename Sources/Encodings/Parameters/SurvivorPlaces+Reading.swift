import Graphs
import Tensors

extension SurvivorPlaces {
  /// The mask in a stored tensor's first streams, and the number of these streams; all are untrusted.
  static func mask(
    _ streams: [StoredTensor.Stream], shape: Shape
  ) throws(EncodingError) -> (mask: Mask, streams: Int) {
    guard let first = streams.first else { throw .missing(kind: Sparse.kind, what: "the stream of places") }
    switch first.name {
    case "gaps": return (try mask(gaps: first, count: shape.count), 1)
    case "mask": return (try mask(bits: first, count: shape.count), 1)
    case "rows":
      guard streams.count > 1, streams[1].name == "columns" else {
        throw .missing(kind: Sparse.kind, what: "the stream of columns")
      }
      return (try mask(rows: first, columns: streams[1], shape: shape), 2)
    default:
      guard case .pattern(let kept, let of)? = PlaceForm(of: streams) else {
        throw .invalid(
          kind: Sparse.kind, what: "first stream", expected: "gaps, mask, rows or N:M",
          found: "\"\(first.name)\"")
      }
      return (try mask(pattern: first, kept: kept, of: of, shape: shape), 1)
    }
  }

  private static func mask(gaps: StoredTensor.Stream, count: Int) throws(EncodingError) -> Mask {
    let widths = PlaceForm.gapWidths
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

  private static func mask(bits stream: StoredTensor.Stream, count: Int) throws(EncodingError) -> Mask {
    let width = stream.bits
    guard PlaceForm.maskWidths.contains(width), stream.symbols.count == (count + width - 1) / width else {
      throw .invalid(
        kind: Sparse.kind, what: "mask",
        expected: "\(count) symbols of 1 bit or \((count + 7) / 8) of 8",
        found: "\(stream.symbols.count) of \(width)")
    }
    return Mask((0..<count).map { stream.symbols[$0 / width] >> UInt32($0 % width) & 1 == 1 })
  }

  private static func mask(
    rows counts: StoredTensor.Stream, columns stream: StoredTensor.Stream, shape: Shape
  ) throws(EncodingError) -> Mask {
    let (rows, columns) = Self.rows(of: shape)
    let widths = PlaceForm.rowWidths(columns: columns)
    guard counts.bits == widths.count, stream.bits == widths.column, counts.symbols.count == rows else {
      throw .invalid(
        kind: Sparse.kind, what: "rows",
        expected: "\(rows) counts of \(widths.count) bits and columns of \(widths.column)",
        found: "\(counts.symbols.count) of \(counts.bits) and of \(stream.bits)")
    }
    let total = counts.symbols.reduce(0) { $0 + Int($1) }
    guard total == stream.symbols.count else {
      throw .invalid(
        kind: Sparse.kind, what: "columns", expected: "\(total), as the rows say",
        found: "\(stream.symbols.count)")
    }
    var survivors: [Int] = []
    survivors.reserveCapacity(total)
    var next = 0
    for (row, count) in counts.symbols.enumerated() {
      var least = 0
      for symbol in stream.symbols[next..<next + Int(count)] {
        guard (least..<columns).contains(Int(symbol)) else {
          throw .invalid(
            kind: Sparse.kind, what: "columns of row \(row)", expected: "ascending ones below \(columns)",
            found: "\(symbol)")
        }
        survivors.append(row * columns + Int(symbol))
        least = Int(symbol) + 1
      }
      next += Int(count)
    }
    return Mask(count: shape.count, survivors: survivors)
  }

  private static func mask(
    pattern stream: StoredTensor.Stream, kept: Int, of: Int, shape: Shape
  ) throws(EncodingError) -> Mask {
    guard let groups = NeighbourGroups(kept: kept, of: of, shape: shape) else {
      throw .invalid(
        kind: Sparse.kind, what: stream.name, expected: "inputs that \(of) divides", found: "\(shape)")
    }
    guard stream.bits == groups.bits, stream.symbols.count == groups.count else {
      throw .invalid(
        kind: Sparse.kind, what: stream.name, expected: "\(groups.count) symbols of \(groups.bits) bits",
        found: "\(stream.symbols.count) of \(stream.bits)")
    }
    guard let survivors = groups.survivors(stream.symbols) else {
      throw .invalid(
        kind: Sparse.kind, what: stream.name,
        expected: "symbols below \(NeighbourGroups.binomial(of, kept))", found: "a larger one")
    }
    return Mask(count: shape.count, survivors: survivors)
  }
}
