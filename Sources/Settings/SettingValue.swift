/// A value that one key of a mapping may hold.
public protocol SettingValue {
  /// The accepted values in words: "an integer".
  static var expectation: String { get }
  /// Reads the value found at `key`.
  init(reading node: SettingsNode, key: String) throws(SettingsError)
  /// The value in the form that is written.
  var node: SettingsNode { get }
}

extension Int: SettingValue {
  /// The words for errors: an integer.
  public static var expectation: String { "an integer" }
  /// Reads an integer, or a number without fraction.
  public init(reading node: SettingsNode, key: String) throws(SettingsError) { self = try node.integer(key) }
  /// The integer.
  public var node: SettingsNode { SettingsNode(.integer(self)) }
}

extension Double: SettingValue {
  /// The words for errors: a number.
  public static var expectation: String { "a number" }
  /// Reads a finite number.
  public init(reading node: SettingsNode, key: String) throws(SettingsError) { self = try node.number(key) }
  /// The number.
  public var node: SettingsNode { SettingsNode(.number(self)) }
}

extension Float: SettingValue {
  /// The words for errors: a number.
  public static var expectation: String { "a number" }
  /// Reads a number that is finite as a 32-bit float.
  public init(reading node: SettingsNode, key: String) throws(SettingsError) {
    let value = Float(try node.number(key))
    guard value.isFinite else {
      throw .wrongType(node.mark, key: key, expected: "a finite number", found: node.kindDescription)
    }
    self = value
  }
  /// The number by its shortest decimal form, so that 0.1 stays 0.1.
  public var node: SettingsNode { SettingsNode(.number(Double("\(self)") ?? Double(self))) }
}

extension Bool: SettingValue {
  /// The words for errors: true or false.
  public static var expectation: String { "true or false" }
  /// Reads a Boolean.
  public init(reading node: SettingsNode, key: String) throws(SettingsError) {
    guard case .bool(let value) = node.content else {
      throw .wrongType(node.mark, key: key, expected: Self.expectation, found: node.kindDescription)
    }
    self = value
  }
  /// The Boolean.
  public var node: SettingsNode { SettingsNode(.bool(self)) }
}

extension String: SettingValue {
  /// The words for errors: text.
  public static var expectation: String { "text" }
  /// Reads text.
  public init(reading node: SettingsNode, key: String) throws(SettingsError) { self = try node.string(key) }
  /// The text.
  public var node: SettingsNode { SettingsNode(.string(self)) }
}

extension Optional: SettingValue where Wrapped: SettingValue {
  /// The words of the wrapped type, or null.
  public static var expectation: String { "\(Wrapped.expectation), or null" }
  /// Reads null as `nil`, else the wrapped value.
  public init(reading node: SettingsNode, key: String) throws(SettingsError) {
    if case .null = node.content { self = nil } else { self = try Wrapped(reading: node, key: key) }
  }
  /// The wrapped value, or null.
  public var node: SettingsNode { self?.node ?? SettingsNode(.null) }
}

extension Array: SettingValue where Element: SettingValue {
  /// The words of the elements, in a list.
  public static var expectation: String { "a list, each \(Element.expectation)" }
  /// Reads a list, element by element.
  public init(reading node: SettingsNode, key: String) throws(SettingsError) {
    self = []
    for item in try node.list(key) { append(try Element(reading: item, key: key)) }
  }
  /// The list of the elements' nodes.
  public var node: SettingsNode { SettingsNode(.list(map(\.node))) }
}

/// A choice between named cases, written by its raw value.
///
///     enum Metric: String, SettingChoice { case loss, accuracy }
public protocol SettingChoice: SettingValue, CaseIterable, RawRepresentable where RawValue == String {}

extension SettingChoice {
  /// The words for errors: the raw values of all cases.
  public static var expectation: String { "one of " + allCases.map(\.rawValue).joined(separator: ", ") }

  /// Reads the raw value of a case.
  public init(reading node: SettingsNode, key: String) throws(SettingsError) {
    guard case .string(let text) = node.content, let value = Self(rawValue: text) else {
      throw .wrongType(node.mark, key: key, expected: Self.expectation, found: node.kindDescription)
    }
    self = value
  }

  /// The raw value.
  public var node: SettingsNode { SettingsNode(.string(rawValue)) }
}
