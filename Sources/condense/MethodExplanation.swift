import Methods
import Reports
import Settings

/// A method in words: its documentation, and every setting with what it accepts and its default.
struct MethodExplanation {
  /// One setting in words.
  struct Entry {
    let name: String
    let expected: String
    let initial: SettingsNode
    let summary: String
  }

  let name: String
  let family: MethodFamily
  let revision: Int
  let documentation: MethodDocumentation
  let settings: [Entry]

  init(_ type: any CompressionMethod.Type) {
    name = type.name
    family = type.family
    revision = type.revision
    documentation = type.documentation
    settings = Self.entries(type)
  }

  private static func entries<M: CompressionMethod>(_ type: M.Type) -> [Entry] {
    let defaults = M().node
    return M.settings.map { setting in
      Entry(
        name: setting.name, expected: setting.expected,
        initial: defaults[setting.name] ?? SettingsNode(.null),
        summary: setting.summary)
    }
  }

  /// The text in lines of at most `width` characters, where words allow it.
  func lines(width: Int) -> [String] {
    var lines = TextWrap.lines("\(name) (\(family.rawValue)): \(documentation.summary)", width: width)
    lines += [""] + indented(documentation.description, by: 0, width: width)
    lines += ["", "Formula"] + indented(documentation.formula, by: 2, width: width)
    lines += ["", "Paper"] + indented(documentation.paper, by: 2, width: width)
    lines += ["", settings.isEmpty ? "No settings" : "Settings"]
    for setting in settings {
      lines += indented(
        "\(setting.name): \(setting.expected); default \(Self.text(setting.initial))", by: 2, width: width)
      lines += indented(setting.summary, by: 6, width: width)
    }
    return lines
  }

  private func indented(_ text: String, by column: Int, width: Int) -> [String] {
    text.split(separator: "\n").flatMap { TextWrap.lines(String($0), width: width - column) }
      .map { String(repeating: " ", count: column) + $0 }
  }

  /// A value as a recipe would write it.
  private static func text(_ node: SettingsNode) -> String {
    if case .string(let text) = node.content { return text }
    return node.canonicalJSON
  }

  /// The same as JSON.
  var node: SettingsNode {
    let entries = settings.map { setting in
      SettingsNode(mapping: [
        "name": setting.name.node, "expected": setting.expected.node, "default": setting.initial,
        "summary": setting.summary.node,
      ])
    }
    return SettingsNode(mapping: [
      "schema": 1.node, "name": name.node, "family": family.node, "revision": revision.node,
      "summary": documentation.summary.node, "description": documentation.description.node,
      "formula": documentation.formula.node, "paper": documentation.paper.node,
      "settings": SettingsNode(.list(entries)),
    ])
  }
}
