public import Runs
public import Trials

/// The trials that a recipe asks for, each after those it depends on.
public struct TrialPlan: Sendable {
  /// Teachers, stored logits, students and controls, in an order that can be run; none twice.
  public var trials: [TrialSpec]
  /// The rows of the ranking, a seed each, in the recipe's order. Several may be of one trial.
  public var rows: [TrialRow]
  /// What a reader should know of a student's row beside what its trials find, by the student's name.
  public var notes: [String: [String]]
  /// The searches of searched students, by the addresses of their trials.
  public var searches: [String: TrialSearch]

  /// Makes a plan of trials that stand after those they depend on; without rows, each trial is one.
  public init(
    trials: [TrialSpec], rows: [TrialRow]? = nil, notes: [String: [String]] = [:],
    searches: [String: TrialSearch] = [:]
  ) {
    self.trials = trials
    self.rows = rows ?? trials.filter { $0.role.isRow }.map(TrialRow.init)
    self.notes = notes
    self.searches = searches
  }

  /// Trials in all, candidates of searches among them.
  public var count: Int { trials.reduce(0) { $0 + 1 + (searches[$1.address]?.tries ?? 0) } }

  /// How many times as long as its trial a student takes: as often as its search tries.
  public func repeats(of trial: TrialSpec) -> Int { searches[trial.address]?.tries ?? 1 }

  /// The trials of some students, with their controls and all that these need. Addresses are those of the whole plan.
  public func only(_ students: Set<String>) -> TrialPlan {
    var plan = self
    plan.rows = rows.filter { $0.isOf(students) }
    for index in plan.rows.indices { plan.rows[index].controlOf.removeAll { !students.contains($0) } }
    var needed = Set(plan.rows.map(\.trial))
    for trial in trials.reversed() where needed.contains(trial.address) {
      needed.formUnion(trial.dependencies)
    }
    plan.trials = trials.filter { needed.contains($0.address) }
    return plan
  }
}

/// One seed of a row of the ranking, and the trial that it takes its result from.
public struct TrialRow: Sendable, Equatable {
  /// The student's name in the recipe, with what a control adds; `teacher` for teachers.
  public var name: String
  public var role: TrialRole
  public var seed: UInt64
  /// The address of the trial.
  public var trial: String
  /// The students that a control is held against.
  public var controlOf: [String]

  /// The row of a trial of its own.
  public init(_ trial: TrialSpec) {
    name = trial.name
    role = trial.role
    seed = trial.seed
    self.trial = trial.address
    controlOf = trial.controlOf
  }

  /// Whether it is of some students, of a control of one, or of their teacher.
  fileprivate func isOf(_ students: Set<String>) -> Bool {
    switch role {
    case .teacher: true
    case .student: students.contains(name)
    case .control: !students.isDisjoint(with: controlOf)
    case .logits, .candidate: false
    }
  }
}

extension [TrialRow] {
  /// The rows with controls that share every trial made one, which bears the first one's name and is held against the
  /// students of all: of equal networks, budgets and seeds there is one result, and it counts once.
  public var withSharedControlsMerged: [TrialRow] {
    var trials: [String: [UInt64: String]] = [:]
    for row in self { trials[row.name, default: [:]][row.seed] = row.trial }
    var keepers: [[UInt64: String]: String] = [:]
    var students: [String: [String]] = [:]
    var merged: Set<String> = []
    for row in self where row.role == .control {
      guard let own = trials[row.name] else { continue }
      let keeper = keepers[own] ?? row.name
      keepers[own] = keeper
      if keeper != row.name { merged.insert(row.name) }
      for student in row.controlOf where !(students[keeper]?.contains(student) ?? false) {
        students[keeper, default: []].append(student)
      }
    }
    return filter { !merged.contains($0.name) }.map { row in
      var row = row
      row.controlOf = students[row.name] ?? row.controlOf
      return row
    }
  }
}
