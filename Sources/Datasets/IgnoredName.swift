/// Names that are never data.
enum IgnoredName {
  /// Whether any part of a path is a dot-file, `__MACOSX`, `Thumbs.db` or `desktop.ini`.
  static func matches(path: String) -> Bool {
    var isStart = true
    var isSuspect = false
    var last: UInt8 = 0
    for byte in path.utf8 {
      if isStart {
        if byte == UInt8(ascii: ".") { return true }
        isSuspect = isSuspect || byte == UInt8(ascii: "_")
      }
      isStart = byte == UInt8(ascii: "/")
      last = byte | 0x20
    }
    guard isSuspect || last == UInt8(ascii: "b") || last == UInt8(ascii: "i") else { return false }
    return path.split(separator: "/").contains { part in
      part == "__MACOSX" || ["thumbs.db", "desktop.ini"].contains(part.lowercased())
    }
  }
}
