import Reports
import Settings

/// A recipe as text, one line for each setting: `optimizer      sgd (momentum 0.9, nesterov true)`.
///
/// Settings that are null are off and left out.
enum RecipeText {
  /// The lines of a mapping, of at most `width` columns; a longer value continues below its beginning.
  static func lines(_ recipe: SettingsNode, width: Int = 80) -> [String] {
    guard case .mapping(let entries) = recipe.content else { return [] }
    let given = entries.filter { $0.value.content != .null }
    let column = 4 + (given.map(\.key.count).max() ?? 0)
    return given.flatMap { entry in
      TextWrap.lines(text(entry.value), width: width - column).enumerated().map { number, line in
        let key = number == 0 ? "  " + entry.key : ""
        return key + String(repeating: " ", count: column - key.count) + line
      }
    }
  }

  private static func text(_ node: SettingsNode) -> String {
    switch node.content {
    case .string(let text): text
    case .list(let items): items.isEmpty ? "none" : items.map(text).joined(separator: ", ")
    case .mapping(let entries):
      entries.filter { $0.value.content != .null }.map { pair($0) }.joined(separator: ", ")
    default: node.canonicalJSON
    }
  }

  /// An entry as `momentum 0.9`; a kind with settings becomes `sgd (momentum 0.9)`.
  private static func pair(_ entry: SettingsNode.Entry) -> String {
    let value = text(entry.value)
    guard case .mapping = entry.value.content else { return entry.key + " " + value }
    return value.isEmpty ? entry.key : "\(entry.key) (\(value))"
  }
}
