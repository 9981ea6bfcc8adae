public import Settings

/// A constant of a profile with its source: `{value: 120, source: "datasheet, table 3"}`.
public struct Sourced: SettingValue, Sendable, Equatable {
  /// The constant, in the unit that its key names.
  public var value: Double
  /// The document, measurement or assumption behind the constant.
  public var source: String

  /// Makes a constant.
  public init(_ value: Double, source: String) {
    self.value = value
    self.source = source
  }

  /// The mapping that error messages expect.
  public static var expectation: String { "a number with its source, {value: …, source: …}" }

  /// Reads the mapping; throws for values outside 0...1e12 and an empty source.
  public init(reading node: SettingsNode, key: String) throws(SettingsError) {
    try node.requireKeys(["value", "source"], of: key)
    let value = try node.required("value", of: key)
    self.init(try Double(reading: value, key: "value"), source: try Self.source(in: node, of: key))
    guard (0...TargetProfile.largestConstant).contains(self.value) else {
      throw .outOfRange(
        value.mark, key: key, expected: "a number in 0...\(TargetProfile.largestConstant)",
        found: value.kindDescription)
    }
  }

  /// The constant as a mapping.
  public var node: SettingsNode { SettingsNode(mapping: ["value": value.node, "source": source.node]) }

  /// The source beside a constant; throws if it is empty.
  static func source(in node: SettingsNode, of key: String) throws(SettingsError) -> String {
    let text = try node.required("source", of: key)
    let source = try text.string("source")
    guard !source.isEmpty else {
      throw .outOfRange(text.mark, key: "source", expected: "where the constant comes from", found: "no text")
    }
    return source
  }
}
