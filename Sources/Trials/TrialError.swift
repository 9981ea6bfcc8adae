public import Datasets
public import Graphs
public import Methods
public import Settings
public import Training

/// Why a trial gives no result.
public enum TrialError: Error, Sendable, CustomStringConvertible {
  case settings(SettingsError)
  case dataset(DatasetError)
  case graph(GraphError)
  case reading(GraphReadingError)
  case model(ModelFileError)
  case method(stage: Int, MethodError)
  case training(stage: Int, TrainingError)
  case evaluation(TrainingError)
  case target(String)
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

  /// What is said of a training that diverged, as it would again; `nil` for all else.
  var divergence: String? {
    switch self {
    case .outputsNotFinite, .training(_, .notFinite), .training(_, .weightsNotFinite): return description
    default: return nil
    }
  }

  /// *where: what, expected, found; what to do*.
  public var description: String {
    switch self {
    case .settings(let error): "\(error)"
    case .dataset(let error): "\(error)"
    case .graph(let error): "\(error)"
    case .reading(let error): "\(error)"
    case .model(let error): "\(error)"
    case .method(let stage, let error): "stage \(stage + 1): \(error)"
    case .training(let stage, let error): "stage \(stage + 1): \(error)"
    case .evaluation(let error): "\(error)"
    case .target(let reason): reason
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

/// Runs a piece that throws one kind of error and gives it a place in a trial.
package func trial<R, E: Error>(
  _ wrap: (E) -> TrialError, _ body: () throws(E) -> R
) throws(TrialError) -> R {
  do throws(E) { return try body() } catch { throw wrap(error) }
}
