/// Where trials come from: a scheduler pulls those that can be begun, and tells back what became of them, so that the next can
/// follow from the last.
///
///     while let spec = source.pull() { begin(spec) }
///     source.tell(.done, of: spec.address)      // now others may be there to pull
public protocol TrialSource: Sendable {
  /// The next trial that can be begun now; `nil` until more is told. None is given twice.
  mutating func pull() -> TrialSpec?
  /// What became of a trial that was pulled.
  mutating func tell(_ outcome: TrialOutcome, of address: String)
  /// Trials that came to their end without being pulled since the last call: those that can no longer be run, and those that
  /// turned out to be one that was run.
  mutating func takeSettled() -> [(spec: TrialSpec, outcome: TrialOutcome)]
  /// Ends all that was not begun, for a reason.
  mutating func close(_ reason: String) -> [TrialSpec]
}

/// How a trial stands in the end.
public enum TrialOutcome: Sendable, Equatable {
  case done
  case failed(String)
  case notRun(String)

  /// Whether it was run in vain, or could not be as one that it needs failed.
  public var isFailure: Bool { if case .failed = self { true } else { false } }

  /// What becomes of trials that need one which ended so; `nil` where they can be run.
  public var ofDependents: TrialOutcome? {
    switch self {
    case .done: nil
    case .failed: .failed("a trial that it needs failed")
    case .notRun: .notRun("a trial that it needs was not run")
    }
  }
}
