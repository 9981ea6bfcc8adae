/// The place of a setting: a file or another source, such as `--set`, and a line if there is one.
public struct SettingsMark: Sendable, Hashable, CustomStringConvertible {
  /// The file's path as the user gave it, or a phrase such as `--set training.learningRate`.
  public let source: String
  /// The line, counted from 1; `nil` for a source without lines.
  public let line: Int?

  /// Makes a mark.
  public init(source: String, line: Int? = nil) {
    self.source = source
    self.line = line
  }

  /// The place as text: `Recipes/tiny.yaml:14`, or the source alone.
  public var description: String {
    guard let line else { return source }
    return "\(source):\(line)"
  }
}

/// A value that was read from YAML or JSON, with its place.
///
///     let node = try SettingsNode(yaml: "stride: 2", source: "demo.yaml")
///     node["stride"]?.content   // .integer(2)
public struct SettingsNode: Sendable {
  /// The content of a node.
  public enum Content: Sendable, Equatable {
    /// Nothing.
    case null
    /// True or false.
    case bool(Bool)
    /// A whole number.
    case integer(Int)
    /// A number.
    case number(Double)
    /// Text.
    case string(String)
    /// A list.
    case list([SettingsNode])
    /// A mapping, in the order of the file.
    case mapping([Entry])
  }

  /// One `key: value` of a mapping, in the order of the file.
  public struct Entry: Sendable, Equatable {
    /// The key.
    public let key: String
    /// The place of the key.
    public let mark: SettingsMark
    /// The value.
    public let value: SettingsNode

    /// Makes an entry.
    public init(key: String, mark: SettingsMark, value: SettingsNode) {
      self.key = key
      self.mark = mark
      self.value = value
    }
  }

  /// The content.
  public let content: Content
  /// The place.
  public let mark: SettingsMark

  /// Makes a node; values built by code have the mark `built-in`.
  public init(_ content: Content, mark: SettingsMark = SettingsMark(source: "built-in")) {
    self.content = content
    self.mark = mark
  }

  /// Makes a mapping from keys and values, in the order given.
  public init(mapping entries: KeyValuePairs<String, SettingsNode>) {
    self.init(
      .mapping(entries.map { Entry(key: $0.key, mark: SettingsMark(source: "built-in"), value: $0.value) }))
  }

  /// The mapping with the entries of another one appended; this node if either is no mapping.
  public func adding(_ other: SettingsNode) -> SettingsNode {
    guard case .mapping(let entries) = content, case .mapping(let more) = other.content else { return self }
    return SettingsNode(.mapping(entries + more), mark: mark)
  }

  /// The value at a key of a mapping; `nil` if there is none, or if this is no mapping.
  public subscript(key: String) -> SettingsNode? {
    guard case .mapping(let entries) = content else { return nil }
    return entries.first { $0.key == key }?.value
  }

  /// The content in words, for messages.
  public var kindDescription: String {
    switch content {
    case .null: "nothing"
    case .bool(let value): "\(value)"
    case .integer(let value): "the integer \(value)"
    case .number(let value): "the number \(value)"
    case .string(let value): "the text \"\(value.prefix(60))\""
    case .list(let items): "a list of \(items.count)"
    case .mapping: "a mapping"
    }
  }
}

extension SettingsNode: Equatable {
  /// Equal if the contents are; places do not matter.
  public static func == (a: SettingsNode, b: SettingsNode) -> Bool { a.content == b.content }
}

extension SettingsNode.Entry {
  /// Equal if keys and values are.
  public static func == (a: Self, b: Self) -> Bool { a.key == b.key && a.value == b.value }
}

extension SettingsNode {
  /// The entries of this node; throws if it is no mapping.
  public func mapping(_ key: String) throws(SettingsError) -> [Entry] {
    guard case .mapping(let entries) = content else {
      throw .wrongType(mark, key: key, expected: "a mapping", found: kindDescription)
    }
    return entries
  }

  /// The items of this node; throws if it is no list.
  ///
  /// With `allowingSingle`, another value counts as a list of one.
  public func list(_ key: String, allowingSingle: Bool = false) throws(SettingsError) -> [SettingsNode] {
    if case .list(let items) = content { return items }
    if allowingSingle { return [self] }
    throw .wrongType(mark, key: key, expected: "a list", found: kindDescription)
  }

  /// The text of this node; throws if it is no text.
  public func string(_ key: String) throws(SettingsError) -> String {
    guard case .string(let text) = content else {
      throw .wrongType(mark, key: key, expected: "text", found: kindDescription)
    }
    return text
  }

  /// The integer of this node, or of a number without fraction; throws for other contents.
  public func integer(_ key: String) throws(SettingsError) -> Int {
    switch content {
    case .integer(let value): return value
    case .number(let value) where value.rounded() == value && value.magnitude < 9e15: return Int(value)
    default: throw .wrongType(mark, key: key, expected: "an integer", found: kindDescription)
    }
  }

  /// The finite number of this node; throws for other contents.
  public func number(_ key: String) throws(SettingsError) -> Double {
    switch content {
    case .integer(let value): return Double(value)
    case .number(let value) where value.isFinite: return value
    default: throw .wrongType(mark, key: key, expected: "a finite number", found: kindDescription)
    }
  }

  /// The value at a key; throws if the mapping lacks it.
  public func required(_ key: String, of owner: String) throws(SettingsError) -> SettingsNode {
    guard let value = self[key] else {
      _ = try mapping(owner)
      throw .missingKey(mark, key: key, owner: owner)
    }
    return value
  }

  /// Refuses keys of a mapping that are not in `known`, and suggests the nearest known one.
  public func requireKeys(_ known: [String], of owner: String) throws(SettingsError) {
    for entry in try mapping(owner) where !known.contains(entry.key) {
      throw .unknownKey(
        entry.mark, key: entry.key, owner: owner, suggestion: Spelling.nearest(to: entry.key, among: known),
        known: known)
    }
  }
}
