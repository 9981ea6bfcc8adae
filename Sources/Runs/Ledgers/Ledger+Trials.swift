import Foundation
import GRDB

extension Ledger {
  /// Records the rows of a comparison, which are the present ones from now on.
  ///
  /// Rows with a result become finished, and all others wait, whatever their state was before. Several rows
  /// may share one trial.
  public func plan(_ rows: [TrialRecord]) throws(RunError) {
    try write { database in
      try database.execute(sql: "UPDATE trials SET isPresent = 0")
      try database.execute(sql: "DELETE FROM shares")
      var planned: Set<String> = []
      for row in rows {
        if planned.insert(row.address).inserted {
          try Self.plan(row, in: database)
        } else {
          try Self.share(row, in: database)
        }
      }
    }
  }

  private static func plan(_ row: TrialRecord, in database: Database) throws {
    let hasResult = try Bool.fetchOne(
      database, sql: "SELECT EXISTS (SELECT 1 FROM results WHERE address = ?)", arguments: [row.address])
    let state = hasResult == true ? TrialState.finished : .waiting
    try database.execute(
      sql: """
        INSERT INTO trials
          (address, name, role, seed, controlOf, families, notes, state, reason, isPresent)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL, 1)
        ON CONFLICT (address) DO UPDATE SET name = excluded.name, role = excluded.role, seed = excluded.seed,
          controlOf = excluded.controlOf, families = excluded.families, notes = excluded.notes,
          state = excluded.state, reason = NULL, isPresent = 1
        """,
      arguments: [
        row.address, row.name, row.role.rawValue, Int64(bitPattern: row.seed), json(row.controlOf),
        json(row.families), json(row.notes), state.rawValue,
      ])
  }

  private static func share(_ row: TrialRecord, in database: Database) throws {
    try database.execute(
      sql: "INSERT INTO shares VALUES (?, ?, ?, ?, ?, ?, ?)",
      arguments: [
        row.name, Int64(bitPattern: row.seed), row.role.rawValue, row.address, json(row.controlOf),
        json(row.families), json(row.notes),
      ])
  }

  /// Sets the state of a planned trial, and the reason why it failed or was not run.
  public func set(_ state: TrialState, reason: String? = nil, of address: String) throws(RunError) {
    let changed = try write { database in
      try database.execute(
        sql: "UPDATE trials SET state = ?, reason = ? WHERE address = ?",
        arguments: [state.rawValue, reason, address])
      return database.changesCount
    }
    precondition(changed == 1, "a trial that was not planned: \(address)")
  }

  /// All trials of all recipes that the run has had, sorted by name and seed.
  public func trials() throws(RunError) -> [TrialRecord] {
    try records(sql: "SELECT * FROM trialRows ORDER BY name, seed, address")
  }

  /// The trials that the last comparison planned, sorted by name and seed.
  public func presentTrials() throws(RunError) -> [TrialRecord] {
    try records(sql: "SELECT * FROM trialRows WHERE isPresent ORDER BY name, seed, address")
  }

  private func records(sql: String) throws(RunError) -> [TrialRecord] {
    let rows = try read { try Row.fetchAll($0, sql: sql) }
    return try rows.map { row throws(RunError) in try record(row) }
  }

  /// The results of the given trials, or of all, sorted by name and seed; each is checked again.
  ///
  /// A trial's directory keeps the name under which it was first run. Name, role and `controlOf` are here
  /// those of the last comparison.
  public func results(of addresses: Set<String>? = nil) throws(RunError) -> [FinishedTrial] {
    let rows = try read {
      try Row.fetchAll(
        $0, sql: "SELECT * FROM results JOIN trialRows USING (address) ORDER BY name, seed, address")
    }
    var trials: [FinishedTrial] = []
    for row in rows where addresses?.contains(row["address"]) != false {
      let json: String = row["json"]
      var result = try TrialResult.decoded(
        from: Data(json.utf8), path: "\(path), result of \(row["directory"] as String)")
      let record = try record(row)
      (result.name, result.role, result.controlOf) = (record.name, record.role, record.controlOf)
      result.warnings += record.notes
      trials.append(FinishedTrial(result: result, directory: row["directory"]))
    }
    return trials
  }

  /// The epochs of a trial, in the order of its log.
  public func epochs(of address: String) throws(RunError) -> [EpochRecord] {
    try read { database in
      try Row.fetchAll(
        database, sql: "SELECT * FROM epochs WHERE address = ? ORDER BY position", arguments: [address]
      )
      .map { row in
        EpochRecord(
          epoch: row["epoch"], loss: row["loss"], value: row["value"], validationLoss: row["validationLoss"],
          validation: row["validation"], weights: row["weights"])
      }
    }
  }

  /// The ranking of the trials at the addresses `current`; results of older recipes stay in the ledger and
  /// are named in a note.
  ///
  /// `targets` selects the targets that are shown, in their order; `nil` shows all targets that trials were
  /// read on. `selection` describes the ranked students where these are not all of the recipe; other results
  /// are then not called results of an older recipe.
  public func ranking(
    run: String, current: [String], targets: [String]? = nil, margin: Double = Ranking.defaultMargin,
    selection: String? = nil
  ) throws(RunError) -> Ranking {
    let current = Set(current)
    let trials = try self.trials().filter { current.contains($0.address) }
    let shown = targets.map(Set.init)
    let results = try self.results().map { trial in
      var trial = trial
      if let shown { trial.result.targets = trial.result.targets.filter { shown.contains($0.key) } }
      return trial
    }
    func failures(_ state: TrialState) -> [Ranking.Failure] {
      trials.filter { $0.state == state }.map {
        Ranking.Failure(name: $0.name, seed: $0.seed, reason: $0.reason ?? "no reason was given")
      }
    }
    return try RankingBuilder(
      run: run, trials: results.filter { current.contains($0.result.address) }, failed: failures(.failed),
      notRun: failures(.notRun),
      families: Dictionary(trials.map { ($0.name, $0.families) }, uniquingKeysWith: { first, _ in first }),
      older: selection == nil
        ? results.filter { !current.contains($0.result.address) }.map(\.result.name) : [],
      targetOrder: targets ?? [], margin: margin, selection: selection
    ).ranking()
  }

  private func record(_ row: Row) throws(RunError) -> TrialRecord {
    let (role, state): (String, String) = (row["role"], row["state"])
    guard let role = TrialRole(rawValue: role), let state = TrialState(rawValue: state) else {
      throw .ledger(
        path: path, reason: "a trial has role \"\(role)\" and state \"\(state)\", which are not known")
    }
    let (controlOf, families, notes): (String, String, String) = (
      row["controlOf"], row["families"], row["notes"]
    )
    let seed: Int64 = row["seed"]
    return TrialRecord(
      name: row["name"], role: role, seed: UInt64(bitPattern: seed), address: row["address"],
      controlOf: Self.words(controlOf), families: Self.words(families), notes: Self.words(notes),
      state: state,
      reason: row["reason"])
  }

  private static func words(_ json: String) -> [String] {
    (try? JSONDecoder().decode([String].self, from: Data(json.utf8))) ?? []
  }

  static func json(_ words: [String]) throws -> String {
    String(decoding: try JSONEncoder().encode(words), as: UTF8.self)
  }
}
