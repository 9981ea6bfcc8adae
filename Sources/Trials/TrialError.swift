import Settings
import Training

/// Why a trial gives no result.
public enum TrialError: Error, Sendable, CustomStringConvertible {
  /// A goal cannot be judged, or no candidate made a student.
  case goal(String)
  /// The trained network's outputs overflow.
  case outputsNotFinite
  /// This machine or program would give other bits than those that the trial's address stands for.
  case otherMachine(what: String, expected: String, found: String)
  case missingTrial(address: String, folder: String)
  case changedData(path: String, expected: String, found: String)
  case unwritable(path: String, reason: String)
  case damaged(path: String, reason: String)
  /// It was asked to stop.
  case stopped

  /// *where: what, expected, found; what to do*.
  public var description: String {
    switch self {
    case .goal(let reason): reason
    case .outputsNotFinite:
      "the network's outputs are not finite: its training diverged (lower the rate, or set \"gradientClip: 1\" in it), "
        + "or weights or normalization of an imported model are out of range"
    case .otherMachine(let what, let expected, let found):
      "the trial is of \(what) \(expected), found \(found): its result would not be the one that its address stands for; run it where "
        + "that is found, or let condense compare plan it anew here"
    case .missingTrial(let address, let folder):
      "\(folder): the trial \(address.prefix(12)), which this one needs, is not there"
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
  /// What is said of a training that diverged, as it would again; `nil` for all else.
  var divergence: String? {
    if case .outputsNotFinite = underlying(as: TrialError.self) { return "\(self)" }
    switch underlying(as: TrainingError.self) {
    case .notFinite, .weightsNotFinite: return "\(self)"
    default: return nil
    }
  }
}
