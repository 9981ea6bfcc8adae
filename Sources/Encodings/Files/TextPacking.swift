/// Packs text: repetitions become references backwards, and literals and references get Huffman codes.
///
/// The packed text holds the number of bytes + 1 and the number of tokens + 1 (both in Elias' gamma code),
/// the tokens (a byte, or 256 + the class of a length), and the classes of the distances. Then follow, for
/// each reference, the lower bits of its length and of its distance. Class c stands for 2^c…2^(c+1)-1, with c
/// lower bits; the least length counts as 1.
///
/// **Paper**: Ziv, Lempel, "A universal algorithm for sequential data compression", IEEE Trans. Inf. Theory
/// 23(3), 1977.
enum TextPacking {
  /// The longest text that is read, in bytes.
  static let maximumBytes = 16 << 20
  private static let minimumLength = 4
  private static let tokenBits = 9
  private static let classBits = 5
  private static let literals: UInt32 = 256
  /// The number of earlier places that are compared.
  private static let candidates = 128

  /// Appends a text.
  static func write(_ text: [UInt8], to writer: inout BitWriter) {
    var tokens: [UInt32] = []
    var classes: [UInt32] = []
    var lowerBits: [(value: UInt32, bits: Int)] = []
    var finder = RepetitionFinder(text, minimumLength: minimumLength, candidates: candidates)
    var position = 0
    while position < text.count {
      let start = position
      if let found = finder.longest(at: position) {
        let (length, distance) = (Class(of: found.length - minimumLength + 1), Class(of: found.distance))
        tokens.append(literals + UInt32(length.number))
        classes.append(UInt32(distance.number))
        lowerBits += [(length.rest, length.number), (distance.rest, distance.number)]
        position += found.length
      } else {
        tokens.append(UInt32(text[position]))
        position += 1
      }
      for place in start..<position { finder.add(place) }
    }
    writer.writeGamma(text.count + 1)
    writer.writeGamma(tokens.count + 1)
    SymbolCoding.write(tokens, bits: tokenBits, coded: true, to: &writer)
    SymbolCoding.write(classes, bits: classBits, coded: true, to: &writer)
    for item in lowerBits { writer.write(item.value, bits: item.bits) }
  }

  /// A positive number, split into the position of its highest bit and the bits below.
  private struct Class {
    let number: Int
    let rest: UInt32

    init(of value: Int) {
      number = BitWriter.logarithm(value)
      rest = UInt32(value - 1 << number)
    }
  }

  /// Takes a text, which is untrusted.
  ///
  /// It grows to its declared length, at most `maximumBytes`.
  static func read(from reader: inout BitReader) throws(CodingError) -> [UInt8] {
    let count = try reader.readGamma() - 1
    guard count <= maximumBytes else {
      throw .invalid(what: "the text", expected: "at most \(maximumBytes) bytes", found: "\(count)")
    }
    let tokenCount = try reader.readGamma() - 1
    let tokens = try SymbolCoding.read(count: tokenCount, bits: tokenBits, from: &reader)
    let references = tokens.reduce(0) { $0 + ($1 >= literals ? 1 : 0) }
    let classes = try SymbolCoding.read(count: references, bits: classBits, from: &reader)
    var text: [UInt8] = []
    var next = 0
    for token in tokens {
      if token < literals {
        text.append(UInt8(token))
      } else {
        let length = try number(Int(token - literals), from: &reader) + minimumLength - 1
        let distance = try number(Int(classes[next]), from: &reader)
        next += 1
        guard distance <= text.count, length <= count - text.count else {
          throw .invalid(
            what: "a repetition in the text",
            expected: "within \(text.count) bytes before and \(count) in all",
            found: "\(length) bytes from \(distance) before")
        }
        for _ in 0..<length { text.append(text[text.count - distance]) }
      }
      guard text.count <= count else { break }
    }
    guard text.count == count else {
      throw .invalid(what: "the text", expected: "\(count) bytes", found: "\(text.count)")
    }
    return text
  }

  private static func number(_ place: Int, from reader: inout BitReader) throws(CodingError) -> Int {
    guard place < 30 else {
      throw .invalid(what: "a repetition in the text", expected: "a class below 30", found: "\(place)")
    }
    return 1 << place + Int(try reader.read(place))
  }
}

/// A search in a text for the longest earlier occurrence of the bytes at a place.
struct RepetitionFinder {
  private let text: [UInt8]
  private let minimumLength: Int
  /// The number of earlier places that are compared.
  private let candidates: Int
  /// The latest place of each hash of the bytes there.
  private var latest: [Int32]
  /// The place before each place with the same hash; -1 for none.
  private var previous: [Int32]

  private static let hashBits = 15

  /// Prepares a search for repetitions of at least `minimumLength` (≥ 4) bytes.
  init(_ text: [UInt8], minimumLength: Int, candidates: Int) {
    self.text = text
    self.minimumLength = minimumLength
    self.candidates = candidates
    latest = Array(repeating: -1, count: 1 << Self.hashBits)
    previous = Array(repeating: -1, count: text.count)
  }

  /// Makes a place known to later searches.
  mutating func add(_ place: Int) {
    guard let slot = slot(place) else { return }
    previous[place] = latest[slot]
    latest[slot] = Int32(place)
  }

  /// The longest repetition of the bytes at a place, the nearest of equally long ones; `nil` if there is
  /// none.
  func longest(at place: Int) -> (length: Int, distance: Int)? {
    guard let slot = slot(place) else { return nil }
    var best: (length: Int, distance: Int)?
    var candidate = Int(latest[slot])
    var tried = 0
    while candidate >= 0, tried < candidates {
      let length = commonLength(candidate, place)
      if length >= minimumLength, length > best?.length ?? 0 { best = (length, place - candidate) }
      candidate = Int(previous[candidate])
      tried += 1
    }
    return best
  }

  private func commonLength(_ a: Int, _ b: Int) -> Int {
    var length = 0
    while b + length < text.count, text[a + length] == text[b + length] { length += 1 }
    return length
  }

  private func slot(_ place: Int) -> Int? {
    guard place + 4 <= text.count else { return nil }
    let word = (0..<4).reduce(UInt32(0)) { $0 << 8 | UInt32(text[place + $1]) }
    return Int((word &* 0x9E37_79B1) >> UInt32(32 - Self.hashBits))
  }
}
