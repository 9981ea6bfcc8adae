public import Trials

/// Who runs trials: processes on this machine; a cluster's queue would be another.
///
/// A trial is a command, `condense trial SPEC --out DIRECTORY`, which is all that an executor runs, wherever it does; what the trial
/// leaves is in its directory. One that was cancelled or cut off goes on from there when it is submitted again.
public protocol TrialExecutor: Sendable {
  /// Trials at a time.
  var capacity: Int { get }
  /// Begins a trial; `said` is called with each line that it says of itself.
  func submit(_ job: TrialJob, said: @escaping @Sendable (String) -> Void) async
  /// Asks a trial that was submitted to stop; it still comes to an end, for which `end` waits.
  func cancel(_ job: TrialJob) async
  /// Waits for a trial that was submitted, once, and says how it ended.
  func end(of job: TrialJob) async -> TrialEnd
}

/// How a trial's command ended.
public enum TrialEnd: Sendable, Equatable {
  case done
  case failed(String)
  /// It was asked to stop.
  case stopped
}

/// One run of `condense trial`.
public struct TrialJob: Sendable {
  public let spec: TrialSpec
  /// Where the trial lies when it is done.
  public let directory: String
  /// Where its specification is and its log goes.
  public let filling: String
  /// The name of its log.
  public let log: String

  /// Tells the jobs of a comparison apart.
  var name: String { filling + "/" + log }
}
