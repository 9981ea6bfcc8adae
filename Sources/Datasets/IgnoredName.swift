/// The names of files that are never data.
enum IgnoredName {
  /// Returns true if any part of a path is a dot-file, `__MACOSX`, `Thumbs.db` or `desktop.ini`.
  ///
  /// The parts `.` and `..` do not count: an archive member with them is refused by name, not skipped
  /// silently.
  static func matches(path: String) -> Bool {
    let (slash, dot) = (UInt8(ascii: "/"), UInt8(ascii: "."))
    var isSuspect = false
    var last: UInt8 = 0
    // The length of the current part so far, and if it consists of dots alone.
    var length = 0
    var isDots = false
    for byte in path.utf8 {
      if byte == slash {
        length = 0
        last = 0
        continue
      }
      if length == 0 {
        isDots = byte == dot
        isSuspect = isSuspect || byte == UInt8(ascii: "_")
      } else if isDots, byte != dot || length > 1 {
        return true
      }
      length += 1
      last = byte | 0x20
    }
    guard isSuspect || last == UInt8(ascii: "b") || last == UInt8(ascii: "i") else { return false }
    return path.split(separator: "/").contains { part in
      part == "__MACOSX" || ["thumbs.db", "desktop.ini"].contains(part.lowercased())
    }
  }
}
