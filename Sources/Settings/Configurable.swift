/// A type whose settings are declared once, with names, defaults, ranges and meanings.
///
/// Defaults are the values after `init()`; each `Setting` adds the range and the meaning. Reading refuses
/// unknown keys and values out of range. Writing gives exactly what reading accepts.
///
///     struct Pad: Configurable {
///       var pixels = 4
///       static var settings: [Setting<Pad>] { [Setting("pixels", \.pixels, in: 0...64, "border added on each side")] }
///     }
///     let pad = try Pad(from: SettingsNode(yaml: "pixels: 2", source: "demo.yaml"), owner: "pad-and-crop")
public protocol Configurable {
  /// The defaults.
  init()
  /// Every setting, in the order in which it is documented and written.
  static var settings: [Setting<Self>] { get }
}

extension Configurable {
  /// Reads a mapping over the defaults; `null` counts as an empty mapping.
  public init(from node: SettingsNode, owner: String) throws(SettingsError) {
    self.init()
    var given: [String] = []
    if node.content != .null {
      try update(from: node, owner: owner)
      given = try node.mapping(owner).map(\.key)
    }
    for setting in Self.settings where setting.isRequired && !given.contains(where: setting.isCalled) {
      throw .missingKey(node.mark, key: setting.name, owner: owner)
    }
  }

  /// Reads a mapping over the present values; settings without a key stay.
  public mutating func update(from node: SettingsNode, owner: String) throws(SettingsError) {
    let settings = Self.settings
    let former = settings.compactMap(\.formerName)
    let entries = try node.mapping(owner)
    try node.requireKeys(
      settings.map(\.name) + former.filter { name in entries.contains { $0.key == name } }, of: owner)
    for entry in entries {
      guard let setting = settings.first(where: { $0.isCalled(entry.key) }) else { continue }
      if entry.key == setting.formerName, node[setting.name] != nil {
        throw .duplicateKey(entry.mark, key: setting.name)
      }
      try setting.read(&self, entry.value)
    }
  }

  /// Notes for the user on keys that older files use in a mapping.
  public static func notes(on node: SettingsNode) -> [String] {
    guard case .mapping(let entries) = node.content else { return [] }
    return entries.compactMap { entry in
      settings.first { $0.formerName == entry.key }.map {
        "\(entry.mark): \"\(entry.key)\" is called \"\($0.name)\" now; it is read as that"
      }
    }
  }

  /// Every setting with its value, but without defaults that are omitted.
  ///
  /// Resolved recipes and model files hold it.
  public var node: SettingsNode {
    SettingsNode(
      .mapping(
        Self.settings.compactMap { setting in
          let value = setting.write(self)
          if setting.isOmittedAsDefault, value == setting.write(Self()) { return nil }
          return SettingsNode.Entry(key: setting.name, mark: SettingsMark(source: "built-in"), value: value)
        }))
  }
}

extension Configurable {
  /// Every setting with its value, omitted defaults included.
  public var everySetting: SettingsNode {
    SettingsNode(
      .mapping(
        Self.settings.map { setting in
          SettingsNode.Entry(
            key: setting.name, mark: SettingsMark(source: "built-in"), value: setting.write(self))
        }))
  }
}

extension Setting where Owner: Configurable {
  /// The default, even if it is omitted in writing.
  public var initial: SettingsNode { write(Owner()) }
}

/// One setting of `Owner`: its name, its place, its range and its meaning.
public struct Setting<Owner> {
  /// The key in YAML and JSON; never renamed once released.
  public let name: String
  /// One line for `explain` and `list`.
  public let summary: String
  /// The accepted values in words: "an integer in 1...64".
  public let expected: String
  /// True if a mapping must give it, as no default makes sense.
  public let isRequired: Bool
  /// The key in older files, which is still read.
  public private(set) var formerName: String?
  /// True if a stage has one value for all layers, so that no layer may have its own.
  public private(set) var isOfWholeStage = false
  /// True if it is written only when it is not the default.
  private(set) var isOmittedAsDefault = false
  let read: (inout Owner, SettingsNode) throws(SettingsError) -> Void
  let write: (Owner) -> SettingsNode

  /// True if a key means this setting.
  func isCalled(_ key: String) -> Bool { key == name || key == formerName }

  /// This setting, which also has a key in older files.
  public func formerly(_ name: String) -> Setting {
    var setting = self
    setting.formerName = name
    return setting
  }

  /// This setting, with one value for all layers of a stage.
  public func ofWholeStage() -> Setting {
    var setting = self
    setting.isOfWholeStage = true
    return setting
  }

  /// This setting, omitted in writing when it is the default.
  ///
  /// Contents that were hashed before the setting existed keep their address.
  public func omittedAsDefault() -> Setting {
    var setting = self
    setting.isOmittedAsDefault = true
    return setting
  }

  /// A setting of any value that can be read and written.
  public init<Value: SettingValue>(
    _ name: String, _ path: WritableKeyPath<Owner, Value>, required: Bool = false, _ summary: String
  ) {
    self.init(name, path, required: required, expected: Value.expectation, summary) { _ in true }
  }

  /// A setting with a closed range.
  public init<Value: SettingValue & Comparable>(
    _ name: String, _ path: WritableKeyPath<Owner, Value>, in range: ClosedRange<Value>,
    required: Bool = false,
    _ summary: String
  ) {
    let expected = "\(Value.expectation) in \(range.lowerBound)...\(range.upperBound)"
    self.init(name, path, required: required, expected: expected, summary) { range.contains($0) }
  }

  /// An optional setting with a closed range for the value it may have.
  public init<Value: SettingValue & Comparable>(
    _ name: String, _ path: WritableKeyPath<Owner, Value?>, in range: ClosedRange<Value>, _ summary: String
  ) {
    let expected = "\(Value.expectation) in \(range.lowerBound)...\(range.upperBound), or null"
    self.init(name, path, required: false, expected: expected, summary) { $0.map(range.contains) ?? true }
  }

  /// A setting whose values must pass a test; `expected` describes the test in words.
  public init<Value: SettingValue>(
    _ name: String, _ path: WritableKeyPath<Owner, Value>, required: Bool = false, expected: String,
    _ summary: String, accepts: @escaping (Value) -> Bool
  ) {
    self.name = name
    self.summary = summary
    self.expected = expected
    self.isRequired = required
    self.read = { (owner, node) throws(SettingsError) in
      let value = try Value(reading: node, key: name)
      guard accepts(value) else {
        throw .outOfRange(node.mark, key: name, expected: expected, found: node.kindDescription)
      }
      owner[keyPath: path] = value
    }
    self.write = { $0[keyPath: path].node }
  }

  /// A setting with its own reading and writing, for values that no `SettingValue` can express.
  public init(
    _ name: String, expected: String, _ summary: String,
    read: @escaping (inout Owner, SettingsNode) throws(SettingsError) -> Void,
    write: @escaping (Owner) -> SettingsNode
  ) {
    self.name = name
    self.summary = summary
    self.expected = expected
    self.isRequired = false
    self.read = read
    self.write = write
  }
}
