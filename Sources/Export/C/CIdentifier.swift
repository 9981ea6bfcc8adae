/// Turns any text into identifiers and comments that C accepts.
enum CIdentifier {
  /// Words that C99, its headers and AVR's headers reserve, or that would hide definitions of the source.
  private static let reserved: Set<String> = [
    "auto", "break", "case", "char", "const", "continue", "default", "do", "double", "else", "enum", "extern",
    "float", "for", "goto", "if", "inline", "int", "long", "register", "restrict", "return", "short",
    "signed",
    "sizeof", "static", "struct", "switch", "typedef", "union", "unsigned", "void", "volatile", "while",
    "main",
    "asm", "linux", "unix", "stdint", "math", "stdio", "harness",
  ]

  /// The letters and digits of a text with single underscores between them, or `fallback` where none is left.
  ///
  /// The result begins with a letter and has at most 40 characters.
  static func sanitized(_ text: String, fallback: String = "network") -> String {
    var name = ""
    for scalar in text.unicodeScalars {
      let isWord = scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
      if isWord {
        name.unicodeScalars.append(scalar)
      } else if !name.isEmpty, name.last != "_" {
        name.append("_")
      }
    }
    while name.last == "_" { name.removeLast() }
    guard let first = name.first else { return fallback }
    if first.isNumber { name = "\(fallback)_\(name)" }
    name = String(name.prefix(40))
    return reserved.contains(name.lowercased()) ? "\(name)_\(fallback)" : name
  }

  /// A text for a block comment: printable ASCII that neither begins nor ends a comment and has no trigraph.
  static func comment(_ text: String, limit: Int = 80) -> String {
    var line = ""
    for scalar in text.unicodeScalars.prefix(limit) {
      let next = (" "..."~").contains(scalar) && scalar != "\\" ? Character(scalar) : "."
      let clashes =
        (line.last == "*" && next == "/") || (line.last == "/" && next == "*")
        || (line.last == "?" && next == "?")
      if clashes { line.append(" ") }
      line.append(next)
    }
    return text.unicodeScalars.count > limit ? line + "..." : line
  }
}
