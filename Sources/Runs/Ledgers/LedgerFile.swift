import Foundation
import GRDB
import Settings

/// Opens the ledger's file: checks which program wrote it and that it is undamaged, and sets a damaged one
/// aside.
struct LedgerFile {
  let path: String
  private(set) var messages: [String] = []
  /// True if the file is new, so that all results must be read back.
  private(set) var isNew = false

  init(path: String) { self.path = path }

  /// Opens the database for reading and writing; a damaged file is set aside, and a message says so.
  mutating func open() throws(RunError) -> DatabaseQueue {
    let folder = (path as NSString).deletingLastPathComponent
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw .unwritable(path: folder, reason: FileFailure.reason(error, path: folder))
    }
    do {
      return try connect()
    } catch  where LedgerFailure.isDamage(error) {
      try setAside()
    } catch {
      throw LedgerFailure.of(error, path: path)
    }
    do { return try connect() } catch { throw LedgerFailure.of(error, path: path) }
  }

  /// Opens the database for reading alone; it must exist and be undamaged.
  func openReading() throws(RunError) -> DatabaseQueue {
    guard FileManager.default.fileExists(atPath: path) else {
      throw .unreadable(path: path, reason: "no such file; is this the directory of a run?")
    }
    var configuration = Self.configuration
    configuration.readonly = true
    do {
      let database = try DatabaseQueue(path: path, configuration: configuration)
      try verify(database)
      guard try database.read(LedgerSchema.migrator.hasCompletedMigrations) else {
        throw RunError.ledger(
          path: path, reason: "is of an older version; run condense compare again, which brings it up to date"
        )
      }
      return database
    } catch {
      throw LedgerFailure.of(error, path: path)
    }
  }

  private static var configuration: Configuration {
    var configuration = Configuration()
    configuration.busyMode = .timeout(10)
    configuration.label = "ledger"
    // A rollback journal, unlike a write-ahead log, lets a ledger be read in a folder that cannot be written. Either way a
    // commit is on the disk when it returns.
    configuration.prepareDatabase { try $0.execute(sql: "PRAGMA synchronous = FULL") }
    return configuration
  }

  private mutating func connect() throws -> DatabaseQueue {
    let database = try DatabaseQueue(path: path, configuration: Self.configuration)
    isNew = try verify(database)
    try LedgerSchema.migrator.migrate(database)
    return database
  }

  /// Throws where the database is another program's, a newer version's or damaged; returns true if it is
  /// empty.
  @discardableResult
  private func verify(_ database: DatabaseQueue) throws -> Bool {
    try database.read { database in
      // A process that was killed while it made the file may have left the list of migrations alone.
      let tables =
        try Int.fetchOne(
          database, sql: "SELECT COUNT(*) FROM sqlite_master WHERE tbl_name <> 'grdb_migrations'") ?? 0
      let application = try Int.fetchOne(database, sql: "PRAGMA application_id") ?? 0
      if tables == 0, application == 0 { return true }
      guard application == LedgerSchema.applicationID else { throw RunError.foreignLedger(path: path) }
      let check = try String.fetchOne(database, sql: "PRAGMA quick_check(1)") ?? ""
      guard check == "ok" else { throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: check) }
      let migrator = LedgerSchema.migrator
      guard try !migrator.hasBeenSuperseded(database) else {
        let unknown = try migrator.appliedIdentifiers(database).subtracting(migrator.migrations)
        throw RunError.newerLedger(path: path, migrations: unknown.sorted())
      }
      return false
    }
  }

  /// Renames the file and SQLite's files beside it: the journal of a damaged file must not be played into a
  /// new one.
  private mutating func setAside() throws(RunError) {
    let place = try RunFile.setAside(path, as: path + ".damaged")
    for suffix in ["-journal", "-wal", "-shm"] where FileManager.default.fileExists(atPath: path + suffix) {
      do {
        try FileManager.default.moveItem(atPath: path + suffix, toPath: place + suffix)
      } catch {
        throw .unwritable(path: place + suffix, reason: FileFailure.reason(error, path: place + suffix))
      }
    }
    messages.append("\(path): was damaged; it was set aside as \(place) and made anew")
  }
}
