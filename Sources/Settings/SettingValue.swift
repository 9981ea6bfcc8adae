/// A value that one key of a mapping may hold.
public protocol SettingValue {
  /// What is accepted, in words: "an integer".
  static var expectation: String { get }
  /// Reads the value found at `key`.
  init(reading node: SettingsNode, key: String) throws(SettingsError)
  /// The value as it is written.
  var node: SettingsNode { get }
}

extension Int: SettingValue {
  public static var expectation: String { "an integer" }
  public init(reading node: SettingsNode, key: String) throws(SettingsError) { self = try node.integer(key) }
  public var node: SettingsNode { SettingsNode(.integer(self)) }
}

extension Double: SettingValue {
  public static var expectation: String { "a number" }
  public init(reading node: SettingsNode, key: String) throws(SettingsError) { self = try node.number(key) }
  public var node: SettingsNode { SettingsNode(.number(self)) }
}

extension Float: SettingValue {
  public static var expectation: String { "a number" }
  public init(reading node: SettingsNode, key: String) throws(SettingsError) {
    let value = Float(try node.number(key))
    guard value.isFinite else {
      throw .wrongType(node.mark, key: key, expected: "a finite number", found: node.kindDescription)
    }
    self = value
  }
  /// Written through its shortest decimal form, so that 0.1 stays 0.1.
  public var node: SettingsNode { SettingsNode(.number(Double("\(self)") ?? Double(self))) }
}

extension Bool: SettingValue {
  public static var expectation: String { "true or false" }
  public init(reading node: SettingsNode, key: String) throws(SettingsError) {
    guard case .bool(let value) = node.content else {
      throw .wrongType(node.mark, key: key, expected: Self.expectation, found: node.kindDescription)
    }
    self = value
  }
  public var node: SettingsNode { SettingsNode(.bool(self)) }
}

extension String: SettingValue {
  public static var expectation: String { "text" }
  public init(reading node: SettingsNode, key: String) throws(SettingsError) { self = try node.string(key) }
  public var node: SettingsNode { SettingsNode(.string(self)) }
}

extension Optional: SettingValue where Wrapped: SettingValue {
  public static var expectation: String { "\(Wrapped.expectation), or null" }
  public init(reading node: SettingsNode, key: String) throws(SettingsError) {
    if case .null = node.content { self = nil } else { self = try Wrapped(reading: node, key: key) }
  }
  public var node: SettingsNode { self?.node ?? SettingsNode(.null) }
}

extension Array: SettingValue where Element: SettingValue {
  public static var expectation: String { "a list, each \(Element.expectation)" }
  public init(reading node: SettingsNode, key: String) throws(SettingsError) {
    self = []
    for item in try node.list(key) { append(try Element(reading: item, key: key)) }
  }
  public var node: SettingsNode { SettingsNode(.list(map(\.node))) }
}

/// A choice between named cases, written by its raw value.
///
///     enum Metric: String, SettingChoice { case loss, accuracy }
public protocol SettingChoice: SettingValue, CaseIterable, RawRepresentable where RawValue == String {}

extension SettingChoice {
  public static var expectation: String { "one of " + allCases.map(\.rawValue).joined(separator: ", ") }

  public init(reading node: SettingsNode, key: String) throws(SettingsError) {
    guard case .string(let text) = node.content, let value = Self(rawValue: text) else {
      throw .wrongType(node.mark, key: key, expected: Self.expectation, found: node.kindDescription)
    }
    self = value
  }

  public var node: SettingsNode { SettingsNode(.string(rawValue)) }
}
