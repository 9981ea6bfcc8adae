/// One of several kinds that a setting names, each with its own settings: an optimizer, a schedule, a method.
public protocol NamedKind: Configurable, Sendable {
  /// The name in recipes and commands: lower case, hyphens, never renamed.
  static var name: String { get }
  /// One line for `condense list`.
  static var summary: String { get }
}

/// The kinds that a setting may name, with their reading and writing.
///
/// Another kind is one line in `all`.
///
///     public enum OptimizerCatalogue: Catalogue {
///       public static let all: [any Optimizer.Type] = [SGD.self, AdamW.self]
///       public static var kinds: [any NamedKind.Type] { all }
///       public static func cast(_ kind: any NamedKind) -> (any Optimizer)? { kind as? any Optimizer }
///     }
///
/// `optimizer: adamw` takes a kind with its defaults, `optimizer: {adamw: {beta2: 0.99}}` sets it up, and
/// `optimizer: {momentum: 0.8}` changes the present kind.
public protocol Catalogue {
  /// The type of values: `any Optimizer`.
  associatedtype Kind
  /// The type of the kinds' types: `any Optimizer.Type`.
  associatedtype KindType

  /// The types, in the order in which they are documented.
  static var all: [KindType] { get }
  /// The same types, in the form that all catalogues share.
  static var kinds: [any NamedKind.Type] { get }
  /// Casts a value of one of these types to `Kind`.
  ///
  /// A cast to a generic parameter that is an existential fails at run time, so each catalogue writes its
  /// own.
  static func cast(_ kind: any NamedKind) -> Kind?
}

extension Catalogue {
  /// Every name, in the order of documentation.
  public static var names: [String] { kinds.map { $0.name } }

  /// The type with a name; `nil` for an unknown name.
  public static func type(named name: String) -> KindType? {
    zip(kinds, all).first { $0.0.name == name }?.1
  }

  /// The name that a misspelled one was probably meant to be; `nil` if none is close.
  public static func suggestion(for name: String) -> String? { Spelling.nearest(to: name, among: names) }

  /// Reads a name, a name with settings, or settings for the present kind.
  ///
  /// `choices` are the kinds that may be named; all by default.
  public static func read(
    _ node: SettingsNode, key: String, present: any NamedKind, among choices: [any NamedKind.Type]? = nil
  ) throws(SettingsError) -> Kind {
    let types = choices ?? kinds
    let (name, settings) = try split(node, key: key, names: types.map { $0.name }, ", or its settings")
    guard let name, let type = types.first(where: { $0.name == name }) else {
      return made(try updated(present, settings))
    }
    return made(try make(type, settings))
  }

  /// Reads a name, or a name with settings.
  private static func readKind(_ node: SettingsNode, key: String) throws(SettingsError) -> any NamedKind {
    let settingsToo = ", alone or with its settings"
    let (name, settings) = try split(node, key: key, names: names, settingsToo)
    guard let name, let type = kinds.first(where: { $0.name == name }) else {
      if case .mapping(let entries) = node.content,
        let first = entries.first(where: { !names.contains($0.key) })
      {
        throw unknown(first.key, first.mark, key: key, names: names)
      }
      throw .wrongType(
        node.mark, key: key, expected: "one of \(names.joined(separator: ", "))" + settingsToo,
        found: node.kindDescription)
    }
    return try make(type, settings)
  }

  /// Reads a list of names, with or without settings, such as `[l1, {norm-scale: {weight: 1e-4}}]`.
  ///
  /// No kind may occur twice. A single kind is a list of one, and null an empty list.
  public static func readList(_ node: SettingsNode, key: String) throws(SettingsError) -> [Kind] {
    if node.content == .null { return [] }
    var list: [Kind] = []
    var seen: Set<String> = []
    for item in try node.list(key, allowingSingle: true) {
      let kind = try readKind(item, key: key)
      let name = Swift.type(of: kind).name
      guard seen.insert(name).inserted else { throw .duplicateKey(item.mark, key: name) }
      list.append(made(kind))
    }
    return list
  }

  /// The kind with all its settings, in the form that `read` accepts.
  public static func write(_ kind: any NamedKind) -> SettingsNode {
    SettingsNode(mapping: [Swift.type(of: kind).name: kind.node])
  }

  /// The kind in the short form that `read` accepts: its name, and its settings only if one is not the
  /// default.
  public static func writeShort(_ kind: any NamedKind) -> SettingsNode {
    kind.node == Swift.type(of: kind).init().node ? Swift.type(of: kind).name.node : write(kind)
  }

  /// The kinds with all their settings, in the form that `readList` accepts.
  public static func writeList(_ kinds: [any NamedKind]) -> SettingsNode {
    SettingsNode(.list(kinds.map { write($0) }))
  }

  /// The kind's name and the settings to read; the name is `nil` if the present kind stays.
  ///
  /// `more` says, in errors, what may be given besides a name.
  private static func split(
    _ node: SettingsNode, key: String, names: [String], _ more: String
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
        node.mark, key: key, expected: "one of \(names.joined(separator: ", "))" + more,
        found: node.kindDescription)
    }
  }

  private static func made(_ kind: any NamedKind) -> Kind {
    guard let made = cast(kind) else {
      preconditionFailure("\(Swift.type(of: kind)) stands in a list of \(Kind.self)")
    }
    return made
  }

  private static func make<K: NamedKind>(
    _ type: K.Type, _ node: SettingsNode
  ) throws(SettingsError) -> any NamedKind {
    try K(from: node, owner: K.name)
  }

  private static func updated(
    _ present: some NamedKind, _ node: SettingsNode
  ) throws(SettingsError) -> any NamedKind {
    var value = present
    try value.update(from: node, owner: Swift.type(of: present).name)
    return value
  }

  private static func unknown(
    _ text: String, _ mark: SettingsMark, key: String, names: [String]
  ) -> SettingsError {
    .unknownKey(
      mark, key: text, owner: key, suggestion: Spelling.nearest(to: text, among: names), known: names)
  }
}
