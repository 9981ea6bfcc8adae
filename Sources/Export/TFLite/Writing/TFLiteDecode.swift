import Encodings

/// The elements of a constant, with the axis of their scales.
struct TFLiteSymbols {
  /// The bits of each element, in the order of the file.
  let symbols: [UInt32]
  /// The bytes of an element: 1 or 4.
  let width: Int
  /// The number of scales.
  let channels: Int
  /// True if channels are the last axis, so that neighbours have different scales; else they are the first.
  let isChannelLast: Bool

  /// The bytes of the elements in a file without DECODE.
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

/// A constant in one of the forms of TFLite Micro's operator DECODE, which expands it when a layer needs it.
///
/// The operator reads two tensors of bytes: the encoded elements, and a description, which begins with 16
/// bytes: the form, the operator's version, and from the fifth byte on the settings of the form. All bits are
/// written from the highest of a byte.
struct TFLiteDecode: Equatable {
  /// The forms of encoding, by the operator's numbers.
  enum Form: UInt8, CaseIterable {
    /// Each element is an index of 1 to 7 bits into the numbers of its channel.
    case table = 0
    /// Each element is a code of variable length, looked up by as many bits as the longest code has.
    case huffman = 1
    /// One bit for each element, then the elements whose bit is set.
    case pruned = 2
  }

  let form: Form
  /// The encoded elements.
  let data: [UInt8]
  /// The description: head, settings and table.
  let description: [UInt8]

  /// The bytes in the file besides both vectors: two tensors and the call.
  static let overhead = 256

  var byteCount: Int { data.count + description.count + Self.overhead }

  /// The form with the fewest bytes; `nil` where none has fewer than `byteCount`.
  static func smallest(of elements: TFLiteSymbols, below byteCount: Int) -> TFLiteDecode? {
    let forms = Form.allCases.compactMap { of(elements, in: $0) }
    return forms.min { $0.byteCount < $1.byteCount }.flatMap { $0.byteCount < byteCount ? $0 : nil }
  }

  /// The elements in a form; `nil` where it cannot hold them.
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

  /// Indices into the distinct numbers of each channel; `nil` for a channel with more than 128.
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

  /// A mask and the elements that are not zero; zero points are zero.
  static func pruned(_ elements: TFLiteSymbols) -> TFLiteDecode {
    var writer = HighBitsFirst()
    for symbol in elements.symbols { writer.append(symbol == 0 ? 0 : 1, bits: 1) }
    let left = elements.symbols.filter { $0 != 0 }
    return TFLiteDecode(.pruned, [1], table: left.flatMap(elements.bytes), data: writer.bytes)
  }

  /// Codes for bytes; `nil` for wider elements, for which the operator has no codes.
  ///
  /// The table has 2^n entries of 16 bits, where n is the bits of the longest code: a mark, the code's length
  /// and the byte.
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
    // The operator reads words of 32 bits, and at each code as many bits as the longest code has.
    writer.pad(beyond: longest, toMultipleOf: 32)
    return TFLiteDecode(
      .huffman, [1, UInt8(longest - 1) << 4],
      table: table.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }, data: writer.bytes)
  }

  /// Collects bits in bytes, from the highest bit.
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

    /// Appends a number of zeros, then zeros up to a multiple.
    mutating func pad(beyond bits: Int, toMultipleOf multiple: Int) {
      used += bits
      let bytes = (used + multiple - 1) / multiple * multiple / 8
      self.bytes += Array(repeating: 0, count: bytes - self.bytes.count)
    }
  }
}
