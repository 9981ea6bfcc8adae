/// Why a comparison cannot go on.
public enum ComparisonError: Error, Sendable, CustomStringConvertible {
  case runDirectory(path: String, reason: String)
  case noTestImages(path: String)

  /// *where: what; what to do*.
  public var description: String {
    switch self {
    case .runDirectory(let path, let reason): "\(path): \(reason)"
    case .noTestImages(let path):
      "\(path): has no test images, by which students could be ranked; give it a test/ folder, or let val/ be tested on (val-folder: test)"
    }
  }
}
