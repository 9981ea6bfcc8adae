public import Settings

/// Why a recipe is refused; the mark says where.
public enum RecipeError: Error, Sendable, CustomStringConvertible {
  case invalid(SettingsMark, String)

  /// *where: what, expected, found; what to do*.
  public var description: String {
    switch self {
    case .invalid(let mark, let reason): "\(mark): \(reason)"
    }
  }
}
