import GRDB

/// The ledger's tables as named migrations in order; migrations are only ever added.
enum LedgerSchema {
  /// SQLite's application id of a ledger: the letters COND.
  static let applicationID = 0x434F_4E44

  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("2026-11 invocations, trials, epochs, results", migrate: first)
    migrator.registerMigration("2026-11 what the present recipe says of a trial", migrate: second)
    migrator.registerMigration("2026-11 rows that share a trial", migrate: third)
    migrator.registerMigration("2026-11 metrics by name", migrate: fourth)
    migrator.registerMigration("2026-11 weights that are left by epoch", migrate: fifth)
    return migrator
  }

  private static func first(_ database: Database) throws {
    try database.execute(sql: "PRAGMA application_id = \(applicationID)")
    // Seeds are UInt64 and SQLite's integers are signed: they are stored by their bits.
    try database.execute(
      sql: """
        CREATE TABLE invocations (
          id INTEGER PRIMARY KEY, recipe TEXT NOT NULL, machine TEXT NOT NULL, versions TEXT NOT NULL
        ) STRICT;
        CREATE TABLE trials (
          address TEXT PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL, seed INTEGER NOT NULL,
          families TEXT NOT NULL, state TEXT NOT NULL, reason TEXT
        ) STRICT;
        CREATE TABLE results (
          address TEXT PRIMARY KEY REFERENCES trials (address), directory TEXT NOT NULL, top1 REAL NOT NULL,
          fileBytes INTEGER NOT NULL, multiplyAdds INTEGER NOT NULL, json TEXT NOT NULL
        ) STRICT;
        CREATE TABLE epochs (
          address TEXT NOT NULL REFERENCES results (address), position INTEGER NOT NULL, epoch INTEGER NOT NULL,
          loss REAL, top1 REAL, validationLoss REAL, validationTop1 REAL, PRIMARY KEY (address, position)
        ) STRICT, WITHOUT ROWID;
        """)
  }

  /// Adds `controlOf` and `isPresent`; all trials of an older ledger count as present until the next
  /// comparison plans.
  private static func second(_ database: Database) throws {
    try database.execute(
      sql: """
        ALTER TABLE trials ADD COLUMN controlOf TEXT NOT NULL DEFAULT '[]';
        ALTER TABLE trials ADD COLUMN isPresent INTEGER NOT NULL DEFAULT 1;
        """)
  }

  /// Adds the rows that share a trial: the first row of a trial stands in `trials`, the others in `shares`.
  private static func third(_ database: Database) throws {
    try database.execute(
      sql: """
        ALTER TABLE trials ADD COLUMN notes TEXT NOT NULL DEFAULT '[]';
        CREATE TABLE shares (
          name TEXT NOT NULL, seed INTEGER NOT NULL, role TEXT NOT NULL,
          address TEXT NOT NULL REFERENCES trials (address), controlOf TEXT NOT NULL, families TEXT NOT NULL,
          notes TEXT NOT NULL, PRIMARY KEY (name, seed)
        ) STRICT;
        CREATE VIEW trialRows AS
          SELECT address, name, role, seed, controlOf, families, notes, state, reason, isPresent FROM trials
          UNION ALL
          SELECT shares.address, shares.name, shares.role, shares.seed, shares.controlOf, shares.families,
            shares.notes, trials.state, trials.reason, trials.isPresent
          FROM shares JOIN trials USING (address);
        """)
  }

  /// Names the metric of a figure; results from before are all of `top1`.
  private static func fourth(_ database: Database) throws {
    try database.execute(
      sql: """
        ALTER TABLE results RENAME COLUMN top1 TO value;
        ALTER TABLE results ADD COLUMN metric TEXT NOT NULL DEFAULT 'top1';
        ALTER TABLE epochs RENAME COLUMN top1 TO value;
        ALTER TABLE epochs RENAME COLUMN validationTop1 TO validation;
        """)
  }

  /// Adds the number of non-zero weights by epoch, which falls when pruning acts during training.
  private static func fifth(_ database: Database) throws {
    try database.execute(sql: "ALTER TABLE epochs ADD COLUMN weights INTEGER")
  }
}
