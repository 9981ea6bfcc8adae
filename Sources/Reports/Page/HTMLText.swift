/// Text in HTML that is displayed literally.
package enum HTMLText {
  /// A text for elements and quoted attributes, with HTML's special characters escaped.
  package static func escaped(_ text: String) -> String {
    TerminalText.printable(text.replacing("\n", with: " ")).reduce(into: "") { set, character in
      set += entities[character] ?? String(character)
    }
  }

  /// A text of several lines for `pre`; tabs become spaces, and line ends stay.
  package static func preformatted(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      escaped(String(line).replacing("\t", with: "  ").replacing("\r", with: ""))
    }.joined(separator: "\n")
  }

  /// JSON for a `script` element.
  ///
  /// Characters that could end the element or reorder lines are escaped; they can occur in JSON strings only.
  package static func scriptJSON(_ json: String) -> String {
    json.unicodeScalars.reduce(into: "") { set, scalar in
      switch scalar {
      case "<": set += "\\u003C"
      case ">": set += "\\u003E"
      case "&": set += "\\u0026"
      case "\u{2000}"..."\u{206F}": set += "\\u" + String(scalar.value, radix: 16)
      default: set.unicodeScalars.append(scalar)
      }
    }
  }

  private static let entities: [Character: String] = [
    "<": "&lt;", ">": "&gt;", "&": "&amp;", "\"": "&quot;", "'": "&#39;",
  ]
}
