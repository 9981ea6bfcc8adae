public import Settings

/// The reason why a recipe is refused, with its place.
public enum RecipeError: Error, Sendable, CustomStringConvertible {
  /// An invalid entry.
  case invalid(SettingsMark, String)

  /// The message: *where: what, expected, found; what to do*.
  public var description: String {
    switch self {
    case .invalid(let mark, let reason): "\(mark): \(reason)"
    }
  }
}
