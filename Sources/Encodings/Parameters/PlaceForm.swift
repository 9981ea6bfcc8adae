import Graphs

/// A form in which a file holds the places of a mask's survivors.
///
/// Its `columns` are the elements of a row, which are all that belong to one index of the first axis.
public enum PlaceForm: Sendable, Hashable, CustomStringConvertible {
  /// The zeros before each survivor, in symbols of 2…12 bits.
  ///
  /// The largest symbol of a width w stands for 2^w - 1 zeros that no survivor follows, where Deep
  /// Compression stores a survivor of value zero. Zeros behind the last survivor are not stored.
  case gaps(bits: Int)
  /// One bit for each element, with 1 or 8 of them in a symbol, the first in the lowest place.
  ///
  /// With entropy codes, symbols of eight bits take less than single bits.
  case mask(bits: Int)
  /// Compressed sparse rows (CSR): the number of survivors of each row, then their columns.
  ///
  /// A number takes ⌈log2(columns + 1)⌉ bits, a column ⌈log2 columns⌉. The columns of a row ascend.
  case rows
  /// N:M, where `kept` of every `of` neighbours along the inputs, the second axis, survive.
  ///
  /// The combination of a group takes ⌈log2 of!/(kept! (of - kept)!)⌉ bits.
  case pattern(kept: Int, of: Int)

  /// The form's name: `gaps(5)`, `mask`, `mask(8)`, `csr`, `2:4`.
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
  /// The numbers of elements that one symbol of a mask may hold.
  static let maskWidths = [1, 8]

  /// The bits of a row's number of survivors, and of a column.
  static func rowWidths(columns: Int) -> (count: Int, column: Int) {
    (max(1, bits(below: columns + 1)), max(1, bits(below: columns)))
  }

  /// ⌈log2 count⌉, the bits that tell `count` things apart.
  static func bits(below count: Int) -> Int { count < 2 ? 0 : BitWriter.logarithm(count - 1) + 1 }

  /// The form of a stored tensor's first streams; `nil` if they are of none.
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
