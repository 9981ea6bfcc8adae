import Encodings

/// The elements of a constant, and which of them share a scale.
struct TFLiteSymbols {
  /// The bits of each element, in the order of the file.
  let symbols: [UInt32]
  /// Bytes of an element: 1 or 4.
  let width: Int
  /// How many scales there are.
  let channels: Int
  /// Whether channels are the last axis, so that neighbours are of different ones; else they are the first.
  let isChannelLast: Bool

  /// The bytes as they lie in a file without DECODE.
  var bytes: [UInt8] { symbols.flatMap(bytes) }

  /// The bytes of an element.
  func bytes(_ symbol: UInt32) -> [UInt8] {
    (0..<width).map { UInt8(truncatingIfNeeded: symbol >> (8 * UInt32($0))) }
  }

  /// The channel of an element.
  func channel(_ place: Int) -> Int {
    isChannelLast ? place % channels : place / max(symbols.count / channels, 1)
  }
}

/// A constant in one of the forms of TFLite Micro's operator DECODE, which makes it when a layer needs it.
///
/// The operator reads two tensors of bytes: the encoded elements, and what tells how, which begins with 16 bytes: the form, the
/// operator's version, and from the fourth on what the form needs. All bits are written from the highest of a byte on.
struct TFLiteDecode: Equatable {
  /// How elements are encoded, by the operator's number for it.
  enum Form: UInt8, CaseIterable {
    /// Each element is an index, of 1 to 7 bits, into the numbers of its channel.
    case table = 0
    /// Each element is a code of its own length, looked up by as many bits as the longest has.
    case huffman = 1
    /// A bit for each element, and the elements whose bit is set.
    case pruned = 2
  }

  let form: Form
  /// The encoded elements.
  let data: [UInt8]
  /// What tells how.
  let description: [UInt8]

  /// Bytes in the file beside both vectors: two tensors, the call.
  static let overhead = 256

  var byteCount: Int { data.count + description.count + Self.overhead }

  /// The form that takes the fewest bytes; `nil` where none takes fewer than `byteCount`.
  static func smallest(of elements: TFLiteSymbols, below byteCount: Int) -> TFLiteDecode? {
    let forms = Form.allCases.compactMap { of(elements, in: $0) }
    return forms.min { $0.byteCount < $1.byteCount }.flatMap { $0.byteCount < byteCount ? $0 : nil }
  }

  /// Elements in a form; `nil` where it cannot hold them.
  static func of(_ elements: TFLiteSymbols, in form: Form) -> TFLiteDecode? {
    switch form {
    case .table: table(elements)
    case .huffman: huffman(elements)
    case .pruned: pruned(elements)
    }
  }

  private init(_ form: Form, _ settings: [UInt8], table: [UInt8], data: [UInt8]) {
    self.form = form
    let head = [form.rawValue, 1, 0, 0] + settings
    description = head + Array(repeating: 0, count: 16 - head.count) + table
    self.data = data
  }

  /// Indices into as many different numbers as a channel has; `nil` where one has more than 128.
  static func table(_ elements: TFLiteSymbols) -> TFLiteDecode? {
    var numbers = Array(repeating: Set<UInt32>(), count: elements.channels)
    for (place, symbol) in elements.symbols.enumerated() {
      numbers[elements.channel(place)].insert(symbol)
    }
    let tables = numbers.map { $0.sorted() }
    let stride = tables.reduce(1) { max($0, $1.count) }
    guard stride <= 128 else { return nil }
    let bits = max(1, Int.bitWidth - (stride - 1).leadingZeroBitCount)
    let places = tables.map { table in
      Dictionary(uniqueKeysWithValues: table.enumerated().map { ($1, UInt32($0)) })
    }
    var writer = HighBitsFirst()
    for (place, symbol) in elements.symbols.enumerated() {
      writer.append(places[elements.channel(place)][symbol] ?? 0, bits: bits)
    }
    let filled = tables.flatMap { $0 + Array(repeating: 0, count: stride - $0.count) }
    return TFLiteDecode(
      .table, [1, UInt8(bits), UInt8(stride)], table: filled.flatMap(elements.bytes), data: writer.bytes)
  }

  /// The elements that are not zero; zero points are zero.
  static func pruned(_ elements: TFLiteSymbols) -> TFLiteDecode {
    var writer = HighBitsFirst()
    for symbol in elements.symbols { writer.append(symbol == 0 ? 0 : 1, bits: 1) }
    let left = elements.symbols.filter { $0 != 0 }
    return TFLiteDecode(.pruned, [1], table: left.flatMap(elements.bytes), data: writer.bytes)
  }

  /// Codes for bytes, whose one table has 2^n numbers of 16 bits, n the longest code's bits: a mark, the code's length, the byte.
  /// `nil` for wider elements, for which the operator has no codes.
  static func huffman(_ elements: TFLiteSymbols) -> TFLiteDecode? {
    guard elements.width == 1 else { return nil }
    var counts = Array(repeating: 0, count: 256)
    for symbol in elements.symbols { counts[Int(symbol)] += 1 }
    let distinct = counts.count { $0 > 0 }
    guard distinct > 0 else { return nil }
    let least = max(1, Int.bitWidth - (distinct - 1).leadingZeroBitCount)
    let codes = (least...max(least, 11)).map { HuffmanCode(counts: counts, longest: $0) }
    func bits(_ code: HuffmanCode) -> Int { code.bitCount(counts) + 16 << (code.lengths.max() ?? 1) }
    guard let code = codes.min(by: { bits($0) < bits($1) }) else { return nil }
    let longest = code.lengths.max() ?? 1
    var table = [UInt16](repeating: 0, count: 1 << longest)
    let words = code.codes
    for symbol in code.symbols {
      let (length, free) = (code.lengths[symbol], longest - code.lengths[symbol])
      let entry = 0x8000 | UInt16(length) << 11 | UInt16(symbol)
      for rest in 0..<(1 << free) { table[Int(words[symbol]) << free | rest] = entry }
    }
    var writer = HighBitsFirst()
    for symbol in elements.symbols { writer.append(words[Int(symbol)], bits: code.lengths[Int(symbol)]) }
    // The operator reads words of 32 bits, and as many bits as the longest code has wherever a code begins.
    writer.pad(beyond: longest, toMultipleOf: 32)
    return TFLiteDecode(
      .huffman, [1, UInt8(longest - 1) << 4],
      table: table.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }, data: writer.bytes)
  }

  /// Bits that fill bytes from the highest on.
  private struct HighBitsFirst {
    private(set) var bytes: [UInt8] = []
    private var used = 0

    mutating func append(_ number: UInt32, bits: Int) {
      for place in (0..<bits).reversed() {
        if used % 8 == 0 { bytes.append(0) }
        bytes[bytes.count - 1] |= UInt8(number >> UInt32(place) & 1) << UInt8(7 - used % 8)
        used += 1
      }
    }

    /// Appends zeros: so many, and then up to a multiple.
    mutating func pad(beyond bits: Int, toMultipleOf multiple: Int) {
      used += bits
      let bytes = (used + multiple - 1) / multiple * multiple / 8
      self.bytes += Array(repeating: 0, count: bytes - self.bytes.count)
    }
  }
}
