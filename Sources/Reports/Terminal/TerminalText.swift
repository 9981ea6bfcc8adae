/// Text in a terminal: its width in columns, and the removal of control characters.
enum TerminalText {
  /// The text with characters that move the cursor, change colours or reorder the line replaced by U+FFFD.
  ///
  /// Names come from files of others; an escape sequence in them must have no effect.
  static func printable(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isControl) else { return text }
    var shown = String.UnicodeScalarView()
    for scalar in text.unicodeScalars { shown.append(isControl(scalar) ? "\u{FFFD}" : scalar) }
    return String(shown)
  }

  /// The columns of a printable text: two for a wide East Asian character or an emoji, one for any other.
  static func columns(_ text: String) -> Int { text.reduce(0) { $0 + columns($1) } }

  /// The text, with its middle left out if it is too long, as both ends of a name matter most.
  static func shortened(_ text: String, to width: Int) -> String {
    guard columns(text) > width else { return text }
    guard width > 1 else { return width == 1 ? "…" : "" }
    let tail = (width - 1) / 2
    let end = prefix(text.reversed(), columns: tail)
    return String(prefix(text, columns: width - 1 - tail)) + "…" + String(end.reversed())
  }

  /// The spaces that fill a text up to a width.
  static func padding(_ text: String, to width: Int) -> String {
    String(repeating: " ", count: max(0, width - columns(text)))
  }

  private static func prefix(_ text: some Sequence<Character>, columns limit: Int) -> [Character] {
    var kept: [Character] = []
    var used = 0
    for character in text {
      used += columns(character)
      if used > limit { break }
      kept.append(character)
    }
    return kept
  }

  private static func columns(_ character: Character) -> Int {
    let isWide = character.unicodeScalars.contains { scalar in
      scalar.properties.isEmojiPresentation || wide.contains { $0.contains(scalar.value) }
    }
    return isWide ? 2 : 1
  }

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: true
    default: false
    }
  }

  /// The blocks with East Asian width W and F (Unicode Standard Annex 11).
  private static let wide: [ClosedRange<UInt32>] = [
    0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF,
    0xFE10...0xFE19, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1FAFF, 0x20000...0x3FFFD,
  ]
}
