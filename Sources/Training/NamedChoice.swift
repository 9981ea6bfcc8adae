public import Settings

/// One of several kinds that a setting names, each with settings of its own: an optimizer, a schedule.
public protocol NamedKind: Configurable, Sendable {
  /// The name in recipes: lower case, hyphens, never renamed.
  static var name: String { get }
  /// One line for `condense list`.
  static var summary: String { get }
}

/// Reads and writes a setting that names a kind.
///
/// `optimizer: adamw` takes a kind with its defaults, `optimizer: {adamw: {beta2: 0.99}}` sets it up, and
/// `optimizer: {momentum: 0.8}` changes the kind that is there already.
enum NamedChoice {
  /// The kind's type and the settings to read on top; `nil` for the type when the present kind stays.
  private static func split(
    _ node: SettingsNode, key: String, names: [String]
  ) throws(SettingsError) -> (name: String?, settings: SettingsNode) {
    switch node.content {
    case .string(let text):
      guard names.contains(text) else { throw unknown(text, node.mark, key: key, names: names) }
      return (text, SettingsNode(.mapping([]), mark: node.mark))
    case .mapping(let entries):
      if entries.count == 1, names.contains(entries[0].key) { return (entries[0].key, entries[0].value) }
      return (nil, node)
    default:
      throw .wrongType(
        node.mark, key: key, expected: "one of \(names.joined(separator: ", ")), or its settings",
        found: node.kindDescription)
    }
  }

  /// Reads a name, a name with settings, or settings for the present kind.
  ///
  /// `types` are a protocol's; what comes back is of one of them, or of the type of `present`.
  static func read(
    _ node: SettingsNode, key: String, present: any NamedKind, among types: [any NamedKind.Type]
  ) throws(SettingsError) -> any NamedKind {
    let (name, settings) = try split(node, key: key, names: types.map { $0.name })
    guard let name, let type = types.first(where: { $0.name == name }) else {
      return try updated(present, settings)
    }
    return try make(type, settings)
  }

  private static func make<Kind: NamedKind>(
    _ type: Kind.Type, _ node: SettingsNode
  ) throws(SettingsError) -> any NamedKind {
    try Kind(from: node, owner: Kind.name)
  }

  private static func updated(
    _ present: some NamedKind, _ node: SettingsNode
  ) throws(SettingsError) -> any NamedKind {
    var value = present
    try value.update(from: node, owner: type(of: present).name)
    return value
  }

  /// The kind with its settings, as `read` reads it.
  static func node(_ value: some NamedKind) -> SettingsNode {
    SettingsNode(mapping: [type(of: value).name: value.node])
  }

  private static func unknown(
    _ text: String, _ mark: SettingsMark, key: String, names: [String]
  ) -> SettingsError {
    .unknownKey(
      mark, key: text, owner: key, suggestion: Spelling.nearest(to: text, among: names), known: names)
  }
}
