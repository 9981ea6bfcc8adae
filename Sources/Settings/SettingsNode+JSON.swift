extension SettingsNode {
  /// Reads strict JSON (RFC 8259), as programs write it, byte by byte and fast.
  ///
  /// Nesting beyond 64, a key above 1,024 bytes, more than 1,000,000 values and keys given twice are refused.
  public init(json bytes: some Collection<UInt8>, source: String) throws(SettingsError) {
    var reader = JSONReader(bytes: Array(bytes), source: source)
    self = try reader.document()
  }

  /// Reads strict JSON text.
  public init(json text: String, source: String) throws(SettingsError) {
    try self.init(json: text.utf8, source: source)
  }
}

/// A recursive-descent reader of JSON whose depth, key length and number of values are bounded.
private struct JSONReader {
  static let maximumDepth = 64
  static let maximumKeyBytes = 1024

  let bytes: [UInt8]
  let source: String
  var position = 0
  var line = 1
  var values = 0

  init(bytes: [UInt8], source: String) {
    self.bytes = bytes
    self.source = source
  }

  var mark: SettingsMark { SettingsMark(source: source, line: line) }
  var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  func failure(_ reason: String) -> SettingsError { .syntax(mark, reason: "\(reason) at byte \(position)") }

  mutating func document() throws(SettingsError) -> SettingsNode {
    let node = try value(depth: 0)
    skipSpace()
    guard next == nil else { throw failure("more text behind the value") }
    return node
  }

  private mutating func skipSpace() {
    while let byte = next {
      switch byte {
      case 0x0A: line += 1
      case 0x20, 0x09, 0x0D: break
      default: return
      }
      position += 1
    }
  }

  private mutating func expect(_ byte: UInt8, _ name: String) throws(SettingsError) {
    guard next == byte else { throw failure("expected \(name)") }
    position += 1
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard next == byte else { return false }
    position += 1
    return true
  }

  private mutating func value(depth: Int) throws(SettingsError) -> SettingsNode {
    skipSpace()
    values += 1
    guard values <= SettingsNode.maximumNodes else {
      throw failure("more than \(SettingsNode.maximumNodes) values")
    }
    guard depth <= Self.maximumDepth else { throw failure("nested deeper than \(Self.maximumDepth) levels") }
    let start = mark
    switch next {
    case UInt8(ascii: "{"): return SettingsNode(.mapping(try entries(depth: depth)), mark: start)
    case UInt8(ascii: "["): return SettingsNode(.list(try items(depth: depth)), mark: start)
    case UInt8(ascii: "\""): return SettingsNode(.string(try string()), mark: start)
    case UInt8(ascii: "t"): return SettingsNode(try word("true", .bool(true)), mark: start)
    case UInt8(ascii: "f"): return SettingsNode(try word("false", .bool(false)), mark: start)
    case UInt8(ascii: "n"): return SettingsNode(try word("null", .null), mark: start)
    case nil: throw failure("the text ends where a value should be")
    default: return SettingsNode(try number(), mark: start)
    }
  }

  private mutating func entries(depth: Int) throws(SettingsError) -> [SettingsNode.Entry] {
    position += 1
    var entries: [SettingsNode.Entry] = []
    var seen: Set<String> = []
    skipSpace()
    if take(UInt8(ascii: "}")) { return entries }
    while true {
      skipSpace()
      let keyMark = mark
      guard next == UInt8(ascii: "\"") else { throw failure("expected a key in double quotes") }
      let key = try string()
      guard key.utf8.count <= Self.maximumKeyBytes else {
        throw failure("a key of more than \(Self.maximumKeyBytes) bytes")
      }
      guard seen.insert(key).inserted else { throw .duplicateKey(keyMark, key: key) }
      skipSpace()
      try expect(UInt8(ascii: ":"), "\":\"")
      entries.append(SettingsNode.Entry(key: key, mark: keyMark, value: try value(depth: depth + 1)))
      skipSpace()
      if take(UInt8(ascii: "}")) { return entries }
      try expect(UInt8(ascii: ","), "\",\" or \"}\"")
    }
  }

  private mutating func items(depth: Int) throws(SettingsError) -> [SettingsNode] {
    position += 1
    var items: [SettingsNode] = []
    skipSpace()
    if take(UInt8(ascii: "]")) { return items }
    while true {
      items.append(try value(depth: depth + 1))
      skipSpace()
      if take(UInt8(ascii: "]")) { return items }
      try expect(UInt8(ascii: ","), "\",\" or \"]\"")
    }
  }

  private mutating func word(
    _ text: String, _ content: SettingsNode.Content
  ) throws(SettingsError) -> SettingsNode.Content {
    for byte in text.utf8 { try expect(byte, text) }
    return content
  }

  private mutating func digits() throws(SettingsError) {
    let start = position
    while let byte = next, (0x30...0x39).contains(byte) { position += 1 }
    guard position > start else { throw failure("expected a value") }
  }

  private mutating func number() throws(SettingsError) -> SettingsNode.Content {
    let start = position
    _ = take(UInt8(ascii: "-"))
    let leading = position
    try digits()
    guard bytes[leading] != 0x30 || position == leading + 1 else {
      throw failure("a number that begins with 0")
    }
    var isInteger = true
    if take(UInt8(ascii: ".")) {
      isInteger = false
      try digits()
    }
    if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
      isInteger = false
      if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
      try digits()
    }
    guard position - start <= 400 else { throw failure("a number of more than 400 digits") }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    if isInteger, let value = Int(text) { return .integer(value) }
    guard let value = Double(text), value.isFinite else {
      throw failure("the number \(text) is out of range")
    }
    return .number(value)
  }
}

extension JSONReader {
  private mutating func string() throws(SettingsError) -> String {
    position += 1
    var text: [UInt8] = []
    while let byte = next {
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let string = String(validating: text, as: UTF8.self) else {
          throw failure("text that is not UTF-8")
        }
        return string
      case UInt8(ascii: "\\"): try escape(into: &text)
      case 0..<0x20: throw failure("a control character in text")
      default: text.append(byte)
      }
    }
    throw failure("text without a closing quote")
  }

  private mutating func escape(into text: inout [UInt8]) throws(SettingsError) {
    guard let byte = next else { throw failure("text without a closing quote") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"):
      guard let scalar = Unicode.Scalar(try codePoint()) else { throw failure("half of a surrogate pair") }
      text.append(contentsOf: Character(scalar).utf8)
    default: throw failure("an unknown escape")
    }
  }

  /// The code point of `\uXXXX`, or of the two escapes of a surrogate pair.
  private mutating func codePoint() throws(SettingsError) -> UInt32 {
    let first = try fourDigits()
    guard (0xD800..<0xDC00).contains(first) else { return first }
    guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else { throw failure("half of a surrogate pair") }
    let second = try fourDigits()
    guard (0xDC00..<0xE000).contains(second) else { throw failure("half of a surrogate pair") }
    return 0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)
  }

  private mutating func fourDigits() throws(SettingsError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw failure("expected four hexadecimal digits")
      }
      value = value << 4 | UInt32(digit)
      position += 1
    }
    return value
  }
}
