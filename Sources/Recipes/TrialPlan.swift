public import Runs
public import Trials

/// The trials of a recipe, each after those that it depends on.
public struct TrialPlan: Sendable {
  /// Teachers, stored logits, students and controls, each once and after its dependencies.
  public var trials: [TrialSpec]
  /// The rows of the ranking, one for each seed, in the recipe's order; several may share one trial.
  public var rows: [TrialRow]
  /// Notes about students' rows, in addition to the warnings of results, by the student's name.
  public var notes: [String: [String]]
  /// The searches of searched students, by the addresses of their trials.
  public var searches: [String: TrialSearch]

  /// Makes a plan of trials that are in order; without rows, each trial is one.
  public init(
    trials: [TrialSpec], rows: [TrialRow]? = nil, notes: [String: [String]] = [:],
    searches: [String: TrialSearch] = [:]
  ) {
    self.trials = trials
    self.rows = rows ?? trials.filter { $0.role.isRow }.map(TrialRow.init)
    self.notes = notes
    self.searches = searches
  }

  /// The number of all trials, including candidates of searches.
  public var count: Int { trials.reduce(0) { $0 + 1 + (searches[$1.address]?.tries ?? 0) } }

  /// The number of trainings that a student takes: those of its search, or 1.
  public func repeats(of trial: TrialSpec) -> Int { searches[trial.address]?.trainings ?? 1 }

  /// The plan of some students with their controls and everything that these need; addresses do not change.
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

/// One seed of a row of the ranking, with the trial of its result.
public struct TrialRow: Sendable, Equatable {
  /// The student's name in the recipe, with a suffix for a control; `teacher` for teachers.
  public var name: String
  /// The role of the row.
  public var role: TrialRole
  /// The seed.
  public var seed: UInt64
  /// The address of the trial.
  public var trial: String
  /// The students that the row is a control of.
  public var controlOf: [String]

  /// Makes the row of a trial.
  public init(_ trial: TrialSpec) {
    name = trial.name
    role = trial.role
    seed = trial.seed
    self.trial = trial.address
    controlOf = trial.controlOf
  }

  /// True if the row is of some students, of a control of one, or of their teacher.
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
  /// The rows with controls merged that share every trial.
  ///
  /// The merged row has the first one's name and is a control of all their students: equal networks, budgets
  /// and seeds have one result, which counts once.
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
