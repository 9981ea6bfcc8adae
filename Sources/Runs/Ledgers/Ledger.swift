import Foundation
import GRDB

/// The database of a run: its recipes, trials, epochs and results, in `ledger.sqlite` in the run's directory.
///
///     let ledger = try Ledger(run: "runs/tiny")
///     for message in ledger.messages { print(message) }
///     try ledger.plan(trials)
///     try ledger.ingest("trials/small-s0-0123456789ab")
///     try ledger.ranking(run: "tiny", current: trials.map(\.address)).write(to: "runs/tiny/ranking.json")
///
/// A commit is on the disk when its call returns, so a process that is killed at any instant loses nothing.
/// The trial directories hold all results too: opening the ledger reads back the results that it lacks, which
/// are all of them where the file was lost or damaged. One process writes to the ledger, the parent of all
/// trials.
public final class Ledger: Sendable {
  /// The file's name in a run's directory.
  public static let fileName = "ledger.sqlite"
  /// The folder of trials in a run's directory.
  public static let trialsFolder = "trials"

  /// The run's directory.
  public let directory: String
  /// Messages for the user about what opening the ledger had to repair.
  public let messages: [String]

  let database: DatabaseQueue
  /// The file's path.
  public var path: String { directory + "/" + Self.fileName }

  /// Opens the ledger of a run's directory; makes the directory and the file where they are missing.
  ///
  /// Throws where the file belongs to another program or to a newer version, or cannot be read or written.
  public init(run directory: String) throws(RunError) {
    self.directory = directory
    var file = LedgerFile(path: directory + "/" + Self.fileName)
    database = try file.open()
    let found = try Self.readBack(into: database, directory)
    var said = file.messages
    if found.count > 0 {
      let why =
        file.isNew ? "the ledger was not there" : "the ledger lacked \(found.count == 1 ? "it" : "them")"
      said.append(
        "\(directory)/\(Self.trialsFolder): \(Words.count(found.count, "result")) read back, as \(why)")
    }
    messages = said + found.messages
  }

  /// Opens the ledger of a finished run for reading alone; nothing is written, even where trials are missing.
  public init(reading directory: String) throws(RunError) {
    self.directory = directory
    database = try LedgerFile(path: directory + "/" + Self.fileName).openReading()
    messages = []
  }

  /// Reads a finished trial's directory into the ledger, in one commit, and marks the trial as finished.
  ///
  /// The directory is relative to the run's, or absolute for a trial that lies elsewhere. Throws
  /// `RunError.result` where the result cannot be believed or does not belong to the directory's name.
  @discardableResult
  public func ingest(_ trial: String) throws(RunError) -> TrialResult {
    try Self.ingest(trial, run: directory, into: database)
  }

  /// Records the recipe, machine and versions that a comparison begins with; the same values as the last time
  /// are not recorded again.
  ///
  /// `versions` are those of the program and its libraries, by name.
  public func begin(recipe: String, machine: String, versions: [String: String]) throws(RunError) {
    let versions = versions.keys.sorted().map { "\($0) \(versions[$0] ?? "")" }.joined(separator: "\n")
    try write { database in
      let last = try Row.fetchOne(database, sql: "SELECT * FROM invocations ORDER BY id DESC LIMIT 1")
      if let last, last["recipe"] == recipe, last["machine"] == machine, last["versions"] == versions {
        return
      }
      try database.execute(
        sql: "INSERT INTO invocations (recipe, machine, versions) VALUES (?, ?, ?)",
        arguments: [recipe, machine, versions])
    }
  }

  /// The recipe that the last comparison was begun with.
  public func recipe() throws(RunError) -> String? {
    try read { try String.fetchOne($0, sql: "SELECT recipe FROM invocations ORDER BY id DESC LIMIT 1") }
  }

  /// The facts about the machine of the last comparison, one per line; empty where none was begun.
  public func machine() throws(RunError) -> [String] {
    let text = try read {
      try String.fetchOne($0, sql: "SELECT machine FROM invocations ORDER BY id DESC LIMIT 1")
    }
    return (text ?? "").split(separator: "\n").map(String.init)
  }

  func read<Value>(_ body: (Database) throws -> Value) throws(RunError) -> Value {
    do { return try database.read(body) } catch { throw LedgerFailure.of(error, path: path) }
  }

  func write<Value>(_ body: (Database) throws -> Value) throws(RunError) -> Value {
    do { return try database.write(body) } catch { throw LedgerFailure.of(error, path: path) }
  }
}
