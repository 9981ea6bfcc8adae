public import Recipes
public import Trials

/// A plan whose trials are all known: each is given when those that it needs are done.
public struct TrialQueue: TrialSource {
  private var waiting: [TrialSpec]
  private var settled: [(spec: TrialSpec, outcome: TrialOutcome)] = []
  /// How the trials stand that came to their end, by address.
  public private(set) var outcomes: [String: TrialOutcome] = [:]

  /// The trials of a plan.
  public init(_ plan: TrialPlan) { waiting = plan.trials }

  public mutating func pull() -> TrialSpec? {
    let ready = waiting.firstIndex { $0.dependencies.allSatisfy { outcomes[$0] == .done } }
    return ready.map { waiting.remove(at: $0) }
  }

  public mutating func tell(_ outcome: TrialOutcome, of address: String) {
    outcomes[address] = outcome
    guard let falls = outcome.ofDependents else { return }
    for spec in waiting where spec.dependencies.contains(address) && outcomes[spec.address] == nil {
      settled.append((spec, falls))
      tell(falls, of: spec.address)
    }
    waiting.removeAll { outcomes[$0.address] != nil }
  }

  public mutating func takeSettled() -> [(spec: TrialSpec, outcome: TrialOutcome)] {
    defer { settled = [] }
    return settled
  }

  public mutating func close(_ reason: String) -> [TrialSpec] {
    defer { waiting = [] }
    for spec in waiting { outcomes[spec.address] = .notRun(reason) }
    return waiting
  }
}
