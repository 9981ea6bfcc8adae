import Foundation
import GRDB

/// What a run knows: recipes, trials, epochs and results, in `ledger.sqlite` of its directory.
///
///     let ledger = try Ledger(run: "runs/tiny")
///     for message in ledger.messages { print(message) }
///     try ledger.plan(trials)
///     try ledger.ingest("trials/small-s0-0123456789ab")
///     try ledger.ranking(run: "tiny", current: trials.map(\.address)).write(to: "runs/tiny/ranking.json")
///
/// A commit is on the disk when its call returns; a process killed at any instant loses nothing of it. The trial directories
/// hold all results too: what they have and the ledger lacks, all of it where the file was lost or damaged, is read
/// back when it is opened. One process writes to it, the parent of all trials.
public final class Ledger: Sendable {
  /// The file's name in a run's directory.
  public static let fileName = "ledger.sqlite"
  /// The folder of trials in a run's directory.
  public static let trialsFolder = "trials"

  /// The run's directory.
  public let directory: String
  /// What opening it had to do that the user should know.
  public let messages: [String]

  let database: DatabaseQueue
  /// The file's path.
  public var path: String { directory + "/" + Self.fileName }

  /// Opens the ledger of a run's directory, which is made where it is missing.
  ///
  /// Throws where it is another program's, a newer version's, or cannot be read or written.
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

  /// Opens the ledger of a finished run for reading alone: nothing is written, not even where trials are missing.
  public init(reading directory: String) throws(RunError) {
    self.directory = directory
    database = try LedgerFile(path: directory + "/" + Self.fileName).openReading()
    messages = []
  }

  /// Reads a finished trial's directory into the ledger, in one commit, and marks the trial finished.
  ///
  /// The directory is relative to the run's, or absolute for a trial that lies elsewhere. Throws `RunError.result` where the
  /// result cannot be believed or is not the one that the directory's name says.
  @discardableResult
  public func ingest(_ trial: String) throws(RunError) -> TrialResult {
    try Self.ingest(trial, run: directory, into: database)
  }

  /// Notes what a comparison was begun with; the same as the last time is noted once.
  ///
  /// `versions` are of the program and the libraries, by name.
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

  /// What the last comparison ran on, a line a fact; empty where none was begun.
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
