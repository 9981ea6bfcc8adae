/// What can be wrong with a setting, and where.
public enum SettingsError: Error, Sendable, Equatable, CustomStringConvertible {
  case unreadable(path: String, reason: String)
  case syntax(SettingsMark, reason: String)
  case duplicateKey(SettingsMark, key: String)
  case unknownKey(SettingsMark, key: String, owner: String, suggestion: String?, known: [String])
  case missingKey(SettingsMark, key: String, owner: String)
  case wrongType(SettingsMark, key: String, expected: String, found: String)
  case outOfRange(SettingsMark, key: String, expected: String, found: String)
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
