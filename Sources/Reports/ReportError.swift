public import Runs

/// The reason why a report cannot be made.
public enum ReportError: Error, Sendable, Equatable, CustomStringConvertible {
  /// A directory that does not hold a run.
  case notARun(path: String, reason: String)
  /// A file of a run that cannot be read or is invalid.
  case unreadable(path: String, reason: String)
  /// A trial's result that is invalid.
  case trial(RunError)
  /// A file of the report that cannot be written.
  case unwritable(path: String, reason: String)

  /// The message: *where: what was found, and what to do*.
  public var description: String {
    switch self {
    case .notARun(let path, let reason):
      "\(path): not the directory of a run: \(reason); give the folder that `condense compare` wrote"
    case .unreadable(let path, let reason): "\(path): \(reason)"
    case .trial(let error): "\(error)"
    case .unwritable(let path, let reason): "\(path): cannot be written: \(reason)"
    }
  }
}
