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
public enum NamedChoice {
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
  /// `types` are a protocol's; `cast` makes a value of that protocol of one of them.
  public static func read<Kind>(
    _ node: SettingsNode, key: String, present: any NamedKind, among types: [any NamedKind.Type],
    as cast: (any NamedKind) -> Kind?
  ) throws(SettingsError) -> Kind {
    let (name, settings) = try split(node, key: key, names: types.map { $0.name })
    let read =
      if let name, let type = types.first(where: { $0.name == name }) {
        try make(type, settings)
      } else {
        try updated(present, settings)
      }
    guard let kind = cast(read) else {
      preconditionFailure("\(type(of: read)) stands in a list of \(Kind.self)")
    }
    return kind
  }

  /// Reads a name, or a name with settings.
  public static func read<Kind>(
    _ node: SettingsNode, key: String, among types: [any NamedKind.Type], as cast: (any NamedKind) -> Kind?
  ) throws(SettingsError) -> Kind {
    let names = types.map { $0.name }
    let (name, settings) = try split(node, key: key, names: names)
    guard let name, let type = types.first(where: { $0.name == name }) else {
      if case .mapping(let entries) = node.content,
        let first = entries.first(where: { !names.contains($0.key) })
      {
        throw unknown(first.key, first.mark, key: key, names: names)
      }
      throw .wrongType(
        node.mark, key: key, expected: "one of \(names.joined(separator: ", ")), alone or with its settings",
        found: node.kindDescription)
    }
    guard let kind = cast(try make(type, settings)) else {
      preconditionFailure("\(type) stands in a list of \(Kind.self)")
    }
    return kind
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
  public static func node(_ value: some NamedKind) -> SettingsNode {
    SettingsNode(mapping: [type(of: value).name: value.node])
  }

  private static func unknown(
    _ text: String, _ mark: SettingsMark, key: String, names: [String]
  ) -> SettingsError {
    .unknownKey(
      mark, key: text, owner: key, suggestion: Spelling.nearest(to: text, among: names), known: names)
  }
}
