/// The reason why a run's files cannot be read, written or believed.
public enum RunError: Error, Sendable, Equatable, CustomStringConvertible {
  /// A file or folder that cannot be read.
  case unreadable(path: String, reason: String)
  /// A file or folder that cannot be written.
  case unwritable(path: String, reason: String)
  /// A field of a trial's `result.json` or of `ranking.json` that is missing, or breaks its rule.
  case result(path: String, field: String, reason: String)
  /// A database that is not a ledger.
  case foreignLedger(path: String)
  /// A ledger of a newer version of Condense.
  case newerLedger(path: String, migrations: [String])
  /// Any other failure of the ledger's database.
  case ledger(path: String, reason: String)
  /// A trial directory that another process is filling.
  case locked(path: String)

  /// The message: *where: what was found, and what to do*.
  public var description: String {
    switch self {
    case .unreadable(let path, let reason): "\(path): cannot be read: \(reason)"
    case .unwritable(let path, let reason): "\(path): cannot be written: \(reason)"
    case .result(let path, let field, let reason): "\(path): \(field): \(reason)"
    case .foreignLedger(let path):
      "\(path): is a database of another program, not a ledger; choose another --out, or move it away"
    case .newerLedger(let path, let migrations):
      "\(path): a newer version of Condense wrote it (\(migrations.joined(separator: ", "))); use that version"
    case .ledger(let path, let reason): "\(path): \(reason)"
    case .locked(let path): "\(path): another process is at work there; wait for it, or stop it"
    }
  }
}
