import Foundation
import GRDB
import Settings

/// Turns errors of SQLite into `RunError`.
enum LedgerFailure {
  /// True if the error says that the file is not a database, or a damaged one.
  static func isDamage(_ error: any Error) -> Bool {
    guard let error = error as? DatabaseError else { return false }
    return [.SQLITE_NOTADB, .SQLITE_CORRUPT].contains(error.resultCode.primaryResultCode)
  }

  static func of(_ error: any Error, path: String) -> RunError {
    if let error = error as? RunError { return error }
    guard let error = error as? DatabaseError else {
      return .unwritable(path: path, reason: FileFailure.reason(error, path: path))
    }
    switch error.resultCode.primaryResultCode {
    case .SQLITE_FULL: return .unwritable(path: path, reason: "no space is left on the disk")
    case .SQLITE_READONLY, .SQLITE_PERM:
      return .unwritable(path: path, reason: "the file, its folder or the disk is read-only")
    case .SQLITE_CANTOPEN: return .unreadable(path: path, reason: unopened(path))
    case .SQLITE_BUSY, .SQLITE_LOCKED: return .locked(path: path)
    case .SQLITE_IOERR:
      return .ledger(path: path, reason: "the disk reports an error (\(error.resultCode.rawValue))")
    case .SQLITE_NOTADB, .SQLITE_CORRUPT:
      return .ledger(
        path: path, reason: "is damaged; run condense compare again, which makes it anew from the trials")
    default:
      return .ledger(path: path, reason: error.message ?? "SQLite reports \(error.resultCode.rawValue)")
    }
  }

  private static func unopened(_ path: String) -> String {
    let exists = FileManager.default.fileExists(atPath: path)
    if FileManager.default.fileExists(atPath: path + "/.") { return FileFailure.folder }
    return exists ? "permission denied" : "it is not there, or its folder cannot be written"
  }
}
