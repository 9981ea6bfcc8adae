/// Files beside images that are none and are not called one: counted by their extensions, to be named in a note.
struct OtherFiles {
  private var counts: [String: Int] = [:]
  private var first: String?

  /// Counts a file.
  mutating func add(_ path: String) {
    let name = path.split(separator: "/").last ?? ""
    let dot = name.lastIndex(of: ".")
    counts[dot.map { name[$0...].lowercased() } ?? "without extension", default: 0] += 1
    if first.map({ path < $0 }) ?? true { first = path }
  }

  /// How many there are, and of which kinds, with an example: `3 files`, `2 .txt, 1 .csv (a/notes.txt, …)`; `nil` where there are
  /// none.
  var note: (count: String, kinds: String)? {
    guard let first else { return nil }
    let sorted = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    let kinds = sorted.prefix(5).map { "\($0.value) \($0.key)" }.joined(separator: ", ")
    let total = counts.values.reduce(0, +)
    return (
      "\(total) \(total == 1 ? "file" : "files")",
      "\(kinds)\(sorted.count > 5 ? ", …" : "") (\(first)\(total > 1 ? ", …" : ""))"
    )
  }
}

extension ScannedFile {
  /// Whether the name's extension promises an image, so that other content is damage.
  var isNamedLikeAnImage: Bool {
    guard let dot = path.lastIndex(of: "."), !path[dot...].contains("/") else { return false }
    let said = path[path.index(after: dot)...].lowercased()
    return ["png", "jpg", "jpeg", "jpe", "jfif"].contains(said)
  }
}

extension Substring {
  /// Whether a tab, a line's end or another character that no table can show is in the text.
  var holdsControlCharacter: Bool {
    unicodeScalars.contains {
      [.control, .lineSeparator, .paragraphSeparator].contains($0.properties.generalCategory)
    }
  }
}
