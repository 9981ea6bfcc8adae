/// An error in a setting, with its place.
public enum SettingsError: Error, Sendable, Equatable, CustomStringConvertible {
  /// A file cannot be read.
  case unreadable(path: String, reason: String)
  /// The text is neither YAML nor JSON.
  case syntax(SettingsMark, reason: String)
  /// A key occurs twice.
  case duplicateKey(SettingsMark, key: String)
  /// No setting has this key.
  case unknownKey(SettingsMark, key: String, owner: String, suggestion: String?, known: [String])
  /// A required setting is missing.
  case missingKey(SettingsMark, key: String, owner: String)
  /// A value has another type.
  case wrongType(SettingsMark, key: String, expected: String, found: String)
  /// A value is out of range.
  case outOfRange(SettingsMark, key: String, expected: String, found: String)
  /// A value is refused for another reason.
  case invalid(SettingsMark, key: String, reason: String)

  /// The message in the form *where: what, expected, found; what to do*.
  public var description: String {
    switch self {
    case .unreadable(let path, let reason):
      "\(path): cannot be read: \(reason)"
    case .syntax(let mark, let reason):
      "\(mark): not valid YAML or JSON: \(reason)"
    case .duplicateKey(let mark, let key):
      "\(mark): \"\(key)\" is given twice; keep one"
    case .unknownKey(let mark, let key, let owner, let suggestion, let known):
      "\(mark): \"\(key)\" is not a setting of \(owner)"
        + (suggestion.map { "; did you mean \"\($0)\"?" } ?? ";")
        + (known.isEmpty ? " it has none" : " (\(known.joined(separator: ", ")))")
    case .missingKey(let mark, let key, let owner):
      "\(mark): \(owner) needs \"\(key)\""
    case .wrongType(let mark, let key, let expected, let found):
      "\(mark): \"\(key)\" must be \(expected), found \(found)"
    case .outOfRange(let mark, let key, let expected, let found):
      "\(mark): \"\(key)\" must be \(expected), found \(found)"
    case .invalid(let mark, let key, let reason):
      "\(mark): \"\(key)\": \(reason)"
    }
  }
}
