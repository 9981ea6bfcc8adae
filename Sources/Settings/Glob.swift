/// A pattern for names, where `*` stands for any bytes and `?` for one.
///
///     Glob("pruned-*").matches("pruned-0.9")   // true
public struct Glob: Sendable, Equatable {
  /// The text of the pattern.
  public let text: String

  /// Makes a pattern.
  public init(_ text: String) { self.text = text }

  /// True if the text is a plain name.
  public var isExact: Bool { !text.contains { $0 == "*" || $0 == "?" } }

  /// True if the pattern matches a whole name.
  ///
  /// It remembers only the last `*` to return to: O(name · pattern).
  public func matches(_ name: String) -> Bool {
    var name = Array(name.utf8)[...]
    var pattern = Array(text.utf8)[...]
    var retry: (name: ArraySlice<UInt8>, pattern: ArraySlice<UInt8>)?
    while let byte = name.first {
      if pattern.first == UInt8(ascii: "*") {
        pattern = pattern.dropFirst()
        retry = (name, pattern)
      } else if let wanted = pattern.first, wanted == byte || wanted == UInt8(ascii: "?") {
        name = name.dropFirst()
        pattern = pattern.dropFirst()
      } else if let last = retry {
        name = last.name.dropFirst()
        pattern = last.pattern
        retry = (name, pattern)
      } else {
        return false
      }
    }
    return pattern.allSatisfy { $0 == UInt8(ascii: "*") }
  }

  /// The names that match, in their order; a pattern that matches none is refused with the known names.
  ///
  /// `place` is where the pattern was given, such as `--only`; `kind` is what the names belong to, such as
  /// `student`.
  public func names(
    among names: [String], at place: String, of kind: String
  ) throws(SettingsError) -> [String] {
    let meant = names.filter { matches($0) }
    guard meant.isEmpty else { return meant }
    let nearest = Spelling.nearest(to: text.filter { $0 != "*" && $0 != "?" }, among: names)
    throw .invalid(
      SettingsMark(source: place), key: text,
      reason: "matches no \(kind)" + (nearest.map { "; did you mean \"\($0)\"?" } ?? ";")
        + " (\(names.joined(separator: ", ")))")
  }
}
