/// A trial that gave a result, and where its files are.
public struct FinishedTrial: Sendable, Equatable {
  public var result: TrialResult
  /// Relative to the run's directory, such as `trials/small-s0-0123456789ab`; absolute for one that lies elsewhere.
  public var directory: String

  public init(result: TrialResult, directory: String) {
    self.result = result
    self.directory = directory
  }
}
