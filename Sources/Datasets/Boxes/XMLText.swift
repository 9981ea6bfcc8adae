/// A reader of the elements of a small XML text, which never reads anything outside the text.
///
/// Foundation's parser on Linux crashes on some damaged files. This one knows the parts that annotations
/// need: elements with text, comments, processing instructions, `CDATA`, the five named characters and
/// numbered ones. Attributes are skipped. A document type may be named but declares nothing, so that entities
/// cannot expand.
struct XMLText {
  /// A part of a text: a tag or the text between tags.
  enum Part: Equatable {
    case start(String)
    case end(String)
    case text(String)
  }

  /// The first line at which a text is not valid XML, with the reason.
  struct Problem: Error, Equatable {
    let line: Int
    let reason: String
  }

  private let bytes: [UInt8]
  private var position = 0
  private var open: [String] = []
  private var isBegun = false
  /// The name of an element written as `<a/>`, whose end is still to be returned.
  private var pending: String?

  /// The deepest nesting accepted; annotations need far less.
  static let maximumDepth = 32

  /// Makes a reader of a text in UTF-8; throws for any other bytes.
  init(_ bytes: [UInt8]) throws(Problem) {
    guard String(validating: bytes, as: UTF8.self) != nil else {
      throw Problem(line: 1, reason: "expected text in UTF-8, found other bytes")
    }
    self.bytes = bytes
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
  }

  /// Returns the next part; `nil` at the end of a text whose elements are all closed.
  mutating func next() throws(Problem) -> Part? {
    if let name = pending {
      pending = nil
      open.removeLast()
      return .end(name)
    }
    while position < bytes.count {
      guard bytes[position] == UInt8(ascii: "<") else {
        let text = try text()
        guard open.isEmpty else { return .text(text) }
        guard text.allSatisfy(\.isWhitespace) else { throw problem("text outside the annotation") }
        continue
      }
      if begins("<!--") {
        try pass("-->")
      } else if begins("<?") {
        try pass("?>")
      } else if begins("<![CDATA[") {
        let start = position + 9
        try pass("]]>")
        guard !open.isEmpty else { throw problem("text outside the annotation") }
        return .text(String(decoding: bytes[start..<position - 3], as: UTF8.self))
      } else if begins("<!") {
        guard !isBegun else { throw problem("a declaration within the annotation") }
        let start = position
        try pass(">")
        guard !bytes[start..<position].contains(UInt8(ascii: "[")) else { throw problem("declared entities") }
      } else {
        return begins("</") ? try end() : try start()
      }
    }
    guard open.isEmpty, isBegun else {
      throw problem("an end before \(open.last.map { "</\($0)>" } ?? "any element")")
    }
    return nil
  }

  private mutating func start() throws(Problem) -> Part {
    guard !isBegun || !open.isEmpty else { throw problem("a second annotation") }
    guard open.count < Self.maximumDepth else { throw problem("elements deeper than \(Self.maximumDepth)") }
    position += 1
    let name = try name()
    isBegun = true
    open.append(name)
    // A quoted attribute may contain ">".
    var quote: UInt8?
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      if let mark = quote {
        if byte == mark { quote = nil }
      } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
        quote = byte
      } else if byte == UInt8(ascii: "<") {
        break
      } else if byte == UInt8(ascii: ">") {
        if bytes[position - 2] == UInt8(ascii: "/") { pending = name }
        return .start(name)
      }
    }
    throw problem("a tag <\(name) that does not end")
  }

  private mutating func end() throws(Problem) -> Part {
    position += 2
    let name = try name()
    while position < bytes.count, Self.isBlank(bytes[position]) { position += 1 }
    guard position < bytes.count, bytes[position] == UInt8(ascii: ">") else {
      throw problem("a tag </\(name) that does not end")
    }
    guard open.last == name else {
      throw problem("</\(name)> where \(open.last.map { "</\($0)>" } ?? "nothing") would end")
    }
    position += 1
    open.removeLast()
    return .end(name)
  }

  private mutating func name() throws(Problem) -> String {
    let start = position
    while position < bytes.count, !Self.isBlank(bytes[position]), !"<>/=\"'&!?".utf8.contains(bytes[position])
    {
      position += 1
    }
    guard position > start, position - start <= 256 else { throw problem("a tag without a name") }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  /// Reads the text up to the next tag, with references such as `&amp;` replaced by their characters.
  private mutating func text() throws(Problem) -> String {
    var text: [UInt8] = []
    while position < bytes.count, bytes[position] != UInt8(ascii: "<") {
      guard bytes[position] == UInt8(ascii: "&") else {
        text.append(bytes[position])
        position += 1
        continue
      }
      let rest = bytes[(position + 1)...].prefix(12)
      guard let length = rest.firstIndex(of: UInt8(ascii: ";")).map({ $0 - rest.startIndex }),
        let character = Self.character(String(decoding: rest.prefix(length), as: UTF8.self))
      else { throw problem("an \"&\" that stands for nothing known") }
      text += Array(String(character).utf8)
      position += length + 2
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// Returns the character that `&NAME;` stands for; `nil` if it is unknown.
  private static func character(_ name: String) -> Character? {
    let named: [String: Character] = ["amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'"]
    if let character = named[name] { return character }
    guard name.hasPrefix("#") else { return nil }
    let digits = name.dropFirst()
    let number = digits.first == "x" ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
    return number.flatMap(Unicode.Scalar.init).map { Character($0) }
  }

  private func begins(_ mark: String) -> Bool { bytes[position...].starts(with: mark.utf8) }

  /// Moves behind the next occurrence of a mark.
  private mutating func pass(_ mark: String) throws(Problem) {
    let marked = Array(mark.utf8)
    var place = position + 2
    while place + marked.count <= bytes.count {
      if bytes[place..<place + marked.count].elementsEqual(marked) {
        position = place + marked.count
        return
      }
      place += 1
    }
    throw problem("an end before \(mark)")
  }

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 32 || (9...13).contains(byte) }

  private func problem(_ reason: String) -> Problem {
    Problem(line: 1 + bytes[..<min(position, bytes.count)].count { $0 == 10 }, reason: "found " + reason)
  }
}
