/// A source of trials for a scheduler.
///
/// The scheduler pulls trials that can begin and reports their outcomes, so that later trials can depend on
/// earlier ones.
///
///     while let spec = source.pull() { begin(spec) }
///     source.tell(.done, of: spec.address)      // now others may be available
public protocol TrialSource: Sendable {
  /// Returns the next trial that can begin now, each once; `nil` until further outcomes are reported.
  mutating func pull() -> TrialSpec?
  /// Reports the outcome of a pulled trial.
  mutating func tell(_ outcome: TrialOutcome, of address: String)
  /// Trials that have ended since the last call without being pulled.
  ///
  /// They cannot be run any more, or turned out to be equal to a trial that was run.
  mutating func takeSettled() -> [(spec: TrialSpec, outcome: TrialOutcome)]
  /// Ends all trials that were not begun, with a reason, and returns them.
  mutating func close(_ reason: String) -> [TrialSpec]
}

/// The outcome of a trial.
public enum TrialOutcome: Sendable, Equatable {
  /// A trial with a result.
  case done
  /// A trial that failed, or needs one that failed, with the reason.
  case failed(String)
  /// A trial that was not run, with the reason.
  case notRun(String)

  /// True if the trial failed, or needs one that failed.
  public var isFailure: Bool { if case .failed = self { true } else { false } }

  /// The outcome of trials that need one with this outcome; `nil` where they can be run.
  public var ofDependents: TrialOutcome? {
    switch self {
    case .done: nil
    case .failed: .failed("a trial that it needs failed")
    case .notRun: .notRun("a trial that it needs was not run")
    }
  }
}
