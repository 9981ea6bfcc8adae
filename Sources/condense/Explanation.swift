import Methods
import Reports
import Settings

/// The documentation of something that a recipe names, with the accepted values and default of every setting.
struct Explanation {
  /// The description of one setting.
  struct Entry {
    let name: String
    let expected: String
    let initial: SettingsNode
    let summary: String
  }

  let name: String
  /// The method's family, or the kind of part: `criterion`, `allocation`, `objective`.
  let family: String
  let summary: String
  /// The revision of a method; `nil` for all other parts, whose changes count in the methods that use them.
  let revision: Int?
  /// The kinds of unit that a criterion scores; empty for all other parts.
  let units: [String]
  /// The long documentation of a method, criterion or allocation; `nil` for all other parts.
  let documentation: MethodDocumentation?
  let settings: [Entry]

  init(_ type: any CompressionMethod.Type) {
    self.init(type, family: type.family.rawValue, documentation: type.documentation, revision: type.revision)
  }

  init(_ type: any Saliency.Type) {
    let units = UnitKind.allCases.filter { type.kinds.contains($0) }.map(\.rawValue)
    self.init(type, family: "criterion", documentation: type.documentation, units: units)
  }

  init(_ type: any Allocation.Type) {
    self.init(type, family: "allocation", documentation: type.documentation)
  }

  /// Describes a kind of a catalogue, such as an objective.
  init(
    _ type: any NamedKind.Type, family: String, documentation: MethodDocumentation? = nil,
    revision: Int? = nil,
    units: [String] = []
  ) {
    name = type.name
    self.family = family
    summary = documentation?.summary ?? type.summary
    self.revision = revision
    self.documentation = documentation
    self.units = units
    settings = Self.entries(type)
  }

  private static func entries<C: Configurable>(_ type: C.Type) -> [Entry] {
    C.settings.map { setting in
      Entry(
        name: setting.name, expected: setting.expected, initial: setting.initial, summary: setting.summary)
    }
  }

  /// The text in lines of at most `width` characters, except for words that are longer.
  func lines(width: Int) -> [String] {
    var lines = TextWrap.lines("\(name) (\(family)): \(summary)", width: width)
    if let documentation {
      lines += [""] + indented(documentation.description, by: 0, width: width)
      lines += ["", "Formula"] + indented(documentation.formula, by: 2, width: width)
      lines += ["", "Paper"] + indented(documentation.paper, by: 2, width: width)
    }
    if !units.isEmpty {
      lines += ["", "Scores"] + indented(units.joined(separator: ", "), by: 2, width: width)
    }
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
  static func text(_ node: SettingsNode) -> String {
    if case .string(let text) = node.content { return text }
    return node.canonicalJSON
  }

  /// The explanation as JSON.
  var node: SettingsNode {
    let described = settings.map { setting in
      SettingsNode(mapping: [
        "name": setting.name.node, "expected": setting.expected.node, "default": setting.initial,
        "summary": setting.summary.node,
      ])
    }
    var entries: [(String, SettingsNode)] = [
      ("schema", 1.node), ("name", name.node), ("family", family.node),
    ]
    if let revision { entries.append(("revision", revision.node)) }
    if !units.isEmpty { entries.append(("scores", units.node)) }
    entries.append(("summary", summary.node))
    if let documentation {
      entries += [
        ("description", documentation.description.node), ("formula", documentation.formula.node),
        ("paper", documentation.paper.node),
      ]
    }
    entries.append(("settings", SettingsNode(.list(described))))
    let mark = SettingsMark(source: "built-in")
    return SettingsNode(.mapping(entries.map { SettingsNode.Entry(key: $0.0, mark: mark, value: $0.1) }))
  }
}
