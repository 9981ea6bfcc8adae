import Graphs

/// A form in which a file says where the survivors of a mask are.
///
/// `columns` are the elements of a row: all that belong to one index of the first axis.
public enum PlaceForm: Sendable, Hashable, CustomStringConvertible {
  /// The zeros before each survivor, in symbols of 2…12 bits. The largest symbol of a width w stands for 2^w - 1 zeros that
  /// no survivor follows; Deep Compression stores a survivor of value zero instead. Zeros behind the last survivor are
  /// not stored.
  case gaps(bits: Int)
  /// One bit an element, 1 or 8 of them a symbol, the first in the lowest place: with entropy codes eight take less than
  /// eight times one.
  case mask(bits: Int)
  /// Compressed sparse rows (CSR): the survivors of each row in ⌈log2(columns + 1)⌉ bits, then the column of each in
  /// ⌈log2 columns⌉, ascending in a row.
  case rows
  /// N:M: among every `of` neighbours along the inputs, the second axis, `kept` survive; which of the combinations, in
  /// ⌈log2 of!/(kept! (of - kept)!)⌉ bits.
  case pattern(kept: Int, of: Int)

  /// `gaps(5)`, `mask`, `mask(8)`, `csr`, `2:4`.
  public var description: String {
    switch self {
    case .gaps(let bits): "gaps(\(bits))"
    case .mask(let bits): bits == 1 ? "mask" : "mask(\(bits))"
    case .rows: "csr"
    case .pattern(let kept, let of): "\(kept):\(of)"
    }
  }

  /// The widths of a gap, in bits.
  static let gapWidths = 2...12
  /// The elements of a mask that are one symbol.
  static let maskWidths = [1, 8]

  /// Bits of a row's count and of a column.
  static func rowWidths(columns: Int) -> (count: Int, column: Int) {
    (max(1, bits(below: columns + 1)), max(1, bits(below: columns)))
  }

  /// ⌈log2 count⌉: the bits that tell so many things apart.
  static func bits(below count: Int) -> Int { count < 2 ? 0 : BitWriter.logarithm(count - 1) + 1 }

  /// The form of a stored tensor's first streams; `nil` where they are in none.
  init?(of streams: [StoredTensor.Stream]) {
    guard let first = streams.first else { return nil }
    switch first.name {
    case "gaps":
      guard Self.gapWidths.contains(first.bits) else { return nil }
      self = .gaps(bits: first.bits)
    case "mask":
      guard Self.maskWidths.contains(first.bits) else { return nil }
      self = .mask(bits: first.bits)
    case "rows": self = .rows
    default:
      let numbers = first.name.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
      guard numbers.count == 2, let kept = numbers[0], let of = numbers[1],
        NeighbourGroups.isKnown(kept: kept, of: of)
      else { return nil }
      self = .pattern(kept: kept, of: of)
    }
  }
}
