/// Names and comments that C accepts, whatever a file calls its network, its nodes and its classes.
enum CIdentifier {
  /// Words that C99, its headers and AVR's take, or that would hide what the source defines.
  private static let reserved: Set<String> = [
    "auto", "break", "case", "char", "const", "continue", "default", "do", "double", "else", "enum", "extern",
    "float", "for", "goto", "if", "inline", "int", "long", "register", "restrict", "return", "short",
    "signed",
    "sizeof", "static", "struct", "switch", "typedef", "union", "unsigned", "void", "volatile", "while",
    "main",
    "asm", "linux", "unix", "stdint", "math", "stdio", "harness",
  ]

  /// The letters, digits and underscores of a text, one underscore for whatever else stands between them; `fallback` where
  /// nothing is left. It begins with a letter and is at most 40 characters long.
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

  /// A text that can stand in a block comment: printable ASCII, without what begins or ends a comment or is a trigraph.
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
