import Foundation
import GRDB
import Metrics

extension Ledger {
  /// Reads every finished trial of the run's directory that the ledger lacks.
  ///
  /// A trial whose result cannot be believed is set aside, and a message says so.
  static func readBack(
    into database: DatabaseQueue, _ directory: String
  ) throws(RunError) -> (count: Int, messages: [String]) {
    let known: Set<String>
    do {
      known = try database.read { try String.fetchSet($0, sql: "SELECT directory FROM results") }
    } catch {
      throw LedgerFailure.of(error, path: directory + "/" + fileName)
    }
    var count = 0
    var messages: [String] = []
    for name in try TrialDirectory.finished(in: directory + "/" + trialsFolder) {
      let trial = trialsFolder + "/" + name
      guard !known.contains(trial) else { continue }
      do throws(RunError) {
        try ingest(trial, run: directory, into: database)
        count += 1
      } catch .result(let path, let field, let reason) {
        let error = RunError.result(path: path, field: field, reason: reason)
        messages.append(try setAside(name, in: directory, as: error))
      } catch .unreadable(let path, let reason) {
        messages.append(try setAside(name, in: directory, as: .unreadable(path: path, reason: reason)))
      }
    }
    return (count, messages)
  }

  /// Sets aside a trial whose result cannot be believed, so that it can be run again; returns a message about
  /// it.
  private static func setAside(
    _ name: String, in directory: String, as error: RunError
  ) throws(RunError) -> String {
    let folder = directory + "/" + trialsFolder
    let place = try TrialDirectory.setAside(name, in: folder)
    return "\(error); it was set aside as \(place), and the trial will be run again"
  }

  @discardableResult
  static func ingest(
    _ trial: String, run directory: String, into database: DatabaseQueue
  ) throws(RunError) -> TrialResult {
    let folder = trial.hasPrefix("/") ? trial : directory + "/" + trial
    let file = folder + "/" + TrialResult.fileName
    let result = try TrialResult.read(file)
    let name = TrialDirectory.name(of: result.name, seed: result.seed, address: result.address)
    guard (folder as NSString).lastPathComponent == name else {
      throw .result(path: file, field: "address", reason: "is of \(name), which is not this directory's name")
    }
    let epochs = EpochRecord.read(folder + "/" + EpochRecord.fileName)
    let json = String(decoding: try result.json(path: file), as: UTF8.self)
    do {
      try database.write { database in
        try store(result, json: json, directory: trial, in: database)
        try store(epochs, of: result.address, in: database)
      }
    } catch {
      throw LedgerFailure.of(error, path: directory + "/" + fileName)
    }
    return result
  }

  private static func store(
    _ result: TrialResult, json: String, directory: String, in database: Database
  ) throws {
    try database.execute(
      sql: """
        INSERT INTO trials (address, name, role, seed, controlOf, families, state, reason)
        VALUES (?, ?, ?, ?, ?, '[]', ?, NULL)
        ON CONFLICT (address) DO UPDATE SET state = excluded.state, reason = NULL
        """,
      arguments: [
        result.address, result.name, result.role.rawValue, Int64(bitPattern: result.seed),
        Self.json(result.controlOf), TrialState.finished.rawValue,
      ])
    try database.execute(
      sql: """
        INSERT INTO results (address, directory, metric, value, fileBytes, multiplyAdds, json)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (address) DO UPDATE SET directory = excluded.directory, metric = excluded.metric,
          value = excluded.value, fileBytes = excluded.fileBytes, multiplyAdds = excluded.multiplyAdds, json = excluded.json
        """,
      arguments: [
        result.address, directory, result.accuracy.metric.key, result.accuracy.value, result.size.fileBytes,
        result.multiplyAdds, json,
      ])
  }

  private static func store(_ epochs: [EpochRecord], of address: String, in database: Database) throws {
    try database.execute(sql: "DELETE FROM epochs WHERE address = ?", arguments: [address])
    for (position, epoch) in epochs.enumerated() {
      try database.execute(
        sql: "INSERT INTO epochs VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        arguments: [
          address, position, epoch.epoch, epoch.loss, epoch.value, epoch.validationLoss, epoch.validation,
          epoch.weights,
        ])
    }
  }
}
