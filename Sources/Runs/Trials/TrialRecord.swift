/// How far a trial is.
public enum TrialState: String, Sendable, Codable {
  case waiting, running, finished, failed
  /// Not begun, for want of time or of what it depends on.
  case notRun = "not-run"
}

/// A trial as the ledger knows it, with or without a result.
public struct TrialRecord: Sendable, Equatable {
  /// The student's name in the recipe; `teacher` for teachers.
  public var name: String
  public var role: TrialRole
  public var seed: UInt64
  /// The SHA-256 of all that the trial is a function of.
  public var address: String
  /// The students that a control is held against.
  public var controlOf: [String]
  /// What the name belongs to, such as families of methods: for notes on families that failed.
  public var families: [String]
  /// What a reader should know of the row, beside what the trial found.
  public var notes: [String]
  public var state: TrialState
  /// Why it failed or was not run.
  public var reason: String?

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
