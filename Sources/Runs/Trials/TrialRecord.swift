/// The state of a trial.
public enum TrialState: String, Sendable, Codable {
  /// Planned; in progress; finished with a result; ended without one.
  case waiting, running, finished, failed
  /// Not begun, for lack of time or of a trial that it depends on.
  case notRun = "not-run"
}

/// A trial in the ledger, with or without a result.
public struct TrialRecord: Sendable, Equatable {
  /// The student's name in the recipe; `teacher` for teachers.
  public var name: String
  /// The trial's role.
  public var role: TrialRole
  /// The trial's seed.
  public var seed: UInt64
  /// The SHA-256 of everything that decides the result.
  public var address: String
  /// The students that this trial is a control of.
  public var controlOf: [String]
  /// The groups that the name belongs to, such as families of methods; used in notes on families that failed.
  public var families: [String]
  /// Notes about the row, in addition to the warnings of the result.
  public var notes: [String]
  /// The trial's state.
  public var state: TrialState
  /// The reason why it failed or was not run.
  public var reason: String?

  /// Makes a record of a trial.
  public init(
    name: String, role: TrialRole, seed: UInt64, address: String, controlOf: [String] = [],
    families: [String] = [], notes: [String] = [], state: TrialState = .waiting, reason: String? = nil
  ) {
    self.name = name
    self.role = role
    self.seed = seed
    self.address = address
    self.controlOf = controlOf
    self.families = families
    self.notes = notes
    self.state = state
    self.reason = reason
  }
}
