/// Text in Markdown that is displayed literally.
enum MarkdownText {
  /// A text of one line with the special characters of Markdown and HTML escaped.
  static func escaped(_ text: String) -> String {
    TerminalText.printable(
      text.replacing("\r\n", with: " ").replacing("\n", with: " ").replacing("\r", with: " ")
    )
    .reduce(into: "") { set, character in
      if let entity = entities[character] {
        set += entity
      } else {
        if special.contains(character) { set.append("\\") }
        set.append(character)
      }
    }
  }

  /// A row of a table.
  static func row(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |" }

  /// The line under a table's head; columns of numbers are right-aligned.
  static func rule(_ areNumbers: [Bool]) -> String { row(areNumbers.map { $0 ? "---:" : "---" }) }

  private static let special: Set<Character> = ["\\", "`", "*", "_", "[", "]", "|", "~", "$"]
  private static let entities: [Character: String] = [
    "<": "&lt;", ">": "&gt;", "&": "&amp;", "@": "&#64;", "#": "&#35;",
  ]
}
