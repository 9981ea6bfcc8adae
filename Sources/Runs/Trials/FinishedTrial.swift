/// A trial with a result, and the place of its files.
public struct FinishedTrial: Sendable, Equatable {
  /// The trial's result.
  public var result: TrialResult
  /// The trial's directory, relative to the run's, such as `trials/small-s0-0123456789ab`; absolute for one
  /// elsewhere.
  public var directory: String

  /// Makes a finished trial of a result and its directory.
  public init(result: TrialResult, directory: String) {
    self.result = result
    self.directory = directory
  }
}
