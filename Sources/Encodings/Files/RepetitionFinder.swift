/// Finds, in a text, the longest earlier occurrence of what follows a place.
struct RepetitionFinder {
  private let text: [UInt8]
  private let minimumLength: Int
  /// How many earlier places are compared.
  private let candidates: Int
  /// By hash of the bytes at a place, the latest such place; then, by place, the one before of the same hash.
  private var latest: [Int32]
  private var previous: [Int32]

  private static let hashBits = 15

  /// Looks for repetitions of at least `minimumLength` (≥ 4) bytes.
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

  /// The longest repetition, the nearest of equally long ones; `nil` if there is none.
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
