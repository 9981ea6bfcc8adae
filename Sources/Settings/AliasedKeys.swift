/// Finds YAML keys that may hold aliases.
///
/// The parser compares keys by all that they expand to, which can take endlessly long. Keys of settings are
/// words, so refusing aliases loses nothing. Texts without anchors have no aliases.
struct AliasedKeys {
  private let bytes: [UInt8]

  init(_ text: String) { bytes = Array(text.utf8) }

  /// The line, from 1, of the first key that is an alias (`*a : 1`) or explicit (`? a`); `nil` for none.
  ///
  /// O(n).
  var firstLine: Int? {
    guard bytes.contains(UInt8(ascii: "&")), bytes.contains(UInt8(ascii: "*")) else { return nil }
    var line = 1
    for index in bytes.indices {
      if bytes[index] == UInt8(ascii: "\n") { line += 1 }
      guard beginsToken(index) else { continue }
      if bytes[index] == UInt8(ascii: "?"), isBlank(index + 1) { return line }
      if bytes[index] == UInt8(ascii: "*"), isKey(index) { return line }
    }
    return nil
  }

  /// True if a token can begin at this byte.
  private func beginsToken(_ index: Int) -> Bool {
    index == 0 || Self.isSpace(bytes[index - 1]) || ",[{?".utf8.contains(bytes[index - 1])
  }

  private func isBlank(_ index: Int) -> Bool { index >= bytes.count || Self.isSpace(bytes[index]) }

  /// True if a colon follows the alias that begins here.
  private func isKey(_ start: Int) -> Bool {
    var index = start + 1
    while index < bytes.count, !Self.isSpace(bytes[index]), !",[]{}".utf8.contains(bytes[index]) {
      index += 1
    }
    if bytes[index - 1] == UInt8(ascii: ":"), isBlank(index) { return true }
    while index < bytes.count, bytes[index] == UInt8(ascii: " ") || bytes[index] == UInt8(ascii: "\t") {
      index += 1
    }
    return index < bytes.count && bytes[index] == UInt8(ascii: ":") && isBlank(index + 1)
  }

  private static func isSpace(_ byte: UInt8) -> Bool { [9, 10, 13, 32].contains(byte) }
}
