/// Counts of the files that are neither images nor named like one, by extension, for a note.
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

  /// The number and kinds of the files, such as `3 files` and `2 .txt, 1 .csv (a/notes.txt, …)`; `nil` if
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
  /// True if the extension is that of an image, so that other content counts as damage.
  var isNamedLikeAnImage: Bool {
    guard let dot = path.lastIndex(of: "."), !path[dot...].contains("/") else { return false }
    let said = path[path.index(after: dot)...].lowercased()
    return ["png", "jpg", "jpeg", "jpe", "jfif"].contains(said)
  }
}

extension Substring {
  /// True if the text holds a tab, the end of a line or another control character, which tables cannot show.
  var holdsControlCharacter: Bool {
    unicodeScalars.contains {
      [.control, .lineSeparator, .paragraphSeparator].contains($0.properties.generalCategory)
    }
  }
}
