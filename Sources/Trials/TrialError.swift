import Settings
import Training

/// The reason why a trial gives no result.
public enum TrialError: Error, Sendable, CustomStringConvertible {
  /// A goal that cannot be judged, or no candidate that made a student.
  case goal(String)
  /// Outputs of the trained network that are not finite.
  case outputsNotFinite
  /// A machine or program that would give other bits than those of the trial's address.
  case otherMachine(what: String, expected: String, found: String)
  /// A trial that this one needs and that is missing.
  case missingTrial(address: String, folder: String)
  /// Data that has changed since the comparison began.
  case changedData(path: String, expected: String, found: String)
  /// A file that cannot be written.
  case unwritable(path: String, reason: String)
  /// A file that cannot be read, or has wrong contents.
  case damaged(path: String, reason: String)
  /// A trial that was asked to stop.
  case stopped

  /// The message: *where: what, expected, found; what to do*.
  public var description: String {
    switch self {
    case .goal(let reason): reason
    case .outputsNotFinite:
      "the network's outputs are not finite: its training diverged (lower the learning rate, or set \"gradientClip: 1\" in it), "
        + "or weights or normalization of an imported model are out of range"
    case .otherMachine(let what, let expected, let found):
      "the trial is of \(what) \(expected), found \(found): its result would not match its address; run it where "
        + "that is available, or let condense compare plan it again here"
    case .missingTrial(let address, let folder):
      "\(folder): the trial \(address.prefix(12)), which this one needs, is missing"
    case .changedData(let path, let expected, let found):
      "\(path): the data has changed since the comparison began: expected digest \(expected.prefix(12)), found "
        + "\(found.prefix(12))"
    case .unwritable(let path, let reason): "\(path): cannot be written: \(reason)"
    case .damaged(let path, let reason): "\(path): \(reason)"
    case .stopped: "stopped when asked to"
    }
  }
}

extension Error {
  /// The message of a training that diverged, and would again; `nil` for other errors.
  var divergence: String? {
    if case .outputsNotFinite = underlying(as: TrialError.self) { return "\(self)" }
    switch underlying(as: TrainingError.self) {
    case .notFinite, .weightsNotFinite: return "\(self)"
    default: return nil
    }
  }
}
