/// Why a comparison cannot go on.
public enum ComparisonError: Error, Sendable, CustomStringConvertible {
  case runDirectory(path: String, reason: String)

  /// *where: what; what to do*.
  public var description: String {
    switch self {
    case .runDirectory(let path, let reason): "\(path): \(reason)"
    }
  }
}
