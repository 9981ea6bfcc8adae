public import Recipes
public import Trials

/// A source of trials that are all known from the beginning; each is given out when its dependencies are
/// finished.
public struct TrialQueue: TrialSource {
  private var waiting: [TrialSpec]
  private var settled: [(spec: TrialSpec, outcome: TrialOutcome)] = []
  /// The outcomes of trials that have ended, by address.
  public private(set) var outcomes: [String: TrialOutcome] = [:]

  /// Takes the trials of a plan.
  public init(_ plan: TrialPlan) { waiting = plan.trials }

  /// Returns the first trial whose dependencies are finished.
  public mutating func pull() -> TrialSpec? {
    let ready = waiting.firstIndex { $0.dependencies.allSatisfy { outcomes[$0] == .done } }
    return ready.map { waiting.remove(at: $0) }
  }

  /// Records an outcome; a failure ends all trials that depend on the trial.
  public mutating func tell(_ outcome: TrialOutcome, of address: String) {
    outcomes[address] = outcome
    guard let falls = outcome.ofDependents else { return }
    for spec in waiting where spec.dependencies.contains(address) && outcomes[spec.address] == nil {
      settled.append((spec, falls))
      tell(falls, of: spec.address)
    }
    waiting.removeAll { outcomes[$0.address] != nil }
  }

  /// Trials that have ended since the last call because a dependency failed.
  public mutating func takeSettled() -> [(spec: TrialSpec, outcome: TrialOutcome)] {
    defer { settled = [] }
    return settled
  }

  /// Ends all waiting trials as not run, and returns them.
  public mutating func close(_ reason: String) -> [TrialSpec] {
    defer { waiting = [] }
    for spec in waiting { outcomes[spec.address] = .notRun(reason) }
    return waiting
  }
}
