public import Trials

/// An executor of trials, such as processes on this machine or a cluster's queue.
///
/// A trial is a command, `condense trial SPEC --out DIRECTORY`, which is all that an executor runs; the
/// results are in the trial's directory. A trial that was cancelled or interrupted continues there when it is
/// submitted again.
public protocol TrialExecutor: Sendable {
  /// The number of trials at a time.
  var capacity: Int { get }
  /// Starts a trial; `said` receives each line of its output.
  func submit(_ job: TrialJob, said: @escaping @Sendable (String) -> Void) async
  /// Asks a submitted trial to stop; `end` still waits for its end.
  func cancel(_ job: TrialJob) async
  /// Waits for the end of a submitted trial; to be called once for each.
  func end(of job: TrialJob) async -> TrialEnd
}

/// The end of a trial's command.
public enum TrialEnd: Sendable, Equatable {
  /// A success.
  case done
  /// A failure with its reason.
  case failed(String)
  /// A trial that was asked to stop.
  case stopped
}

/// One run of `condense trial`.
public struct TrialJob: Sendable {
  /// The trial's specification.
  public let spec: TrialSpec
  /// The directory of the trial when it is finished.
  public let directory: String
  /// The directory of its specification and its log.
  public let filling: String
  /// The name of its log.
  public let log: String

  /// A name that is unique among the jobs of a comparison.
  var name: String { filling + "/" + log }
}
