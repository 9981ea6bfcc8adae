import Foundation
import GRDB
import Testing

@testable import Runs

@Suite("A ledger whose process is killed")
struct LedgerCrashTests {
  private static let results = (0..<3).map {
    SampleResults.result("small", seed: UInt64($0), right: SampleResults.right(wrongEvery: 4))
  }

  /// Writes within a transaction until pages are in the file before the commit, then calls `body`.
  private static func interrupt(_ ledger: Ledger, _ body: @escaping () throws -> Void) throws {
    try ledger.database.writeWithoutTransaction { database in
      try database.execute(sql: "PRAGMA cache_size = 2; PRAGMA cache_spill = ON")
      try database.inTransaction {
        try database.execute(sql: "UPDATE results SET json = '{}', directory = 'elsewhere'")
        for number in 0..<2000 {
          try database.execute(
            sql: "INSERT INTO invocations (recipe, machine, versions) VALUES (?, ?, ?)",
            arguments: [String(repeating: "r", count: 500), "m", "\(number)"])
        }
        try body()
        return .rollback
      }
    }
  }

  @Test("Files copied in the midst of a commit hold all that was committed and nothing else")
  func copied() throws {
    let folder = try TemporaryFolder()
    let copy = try TemporaryFolder()
    let ledger = try Ledger(run: folder.path)
    for result in Self.results { try ledger.ingest(try folder.place(result)) }
    let size = try Data(contentsOf: URL(filePath: folder.path + "/ledger.sqlite")).count
    try Self.interrupt(ledger) {
      for name in ["ledger.sqlite", "ledger.sqlite-journal"] {
        try FileManager.default.copyItem(atPath: folder.path + "/" + name, toPath: copy.path + "/" + name)
      }
    }
    // Without this, the file would not yet contain anything of the transaction, and the test would show
    // nothing.
    #expect(try Data(contentsOf: URL(filePath: copy.path + "/ledger.sqlite")).count > size + 500_000)
    let again = try Ledger(run: copy.path)
    #expect(again.messages.isEmpty)
    #expect(try again.results() == Self.results.map(SampleResults.finished))
    #expect(try again.recipe() == nil)
  }

  @Test("After SIGKILL in the midst of a commit the ledger opens with all that was committed")
  func killed() async throws {
    let folder = try TemporaryFolder()
    await #expect(processExitsWith: .signal(SIGKILL)) { [path = folder.path as String] in
      let ledger = try Ledger(run: path)
      for result in Self.results {
        let name = TrialDirectory.name(of: result.name, seed: result.seed, address: result.address)
        let trial = "\(path)/trials/\(name)"
        try FileManager.default.createDirectory(atPath: trial, withIntermediateDirectories: true)
        try result.write(to: trial + "/result.json")
        try ledger.ingest("trials/" + name)
      }
      try Self.interrupt(ledger) { kill(getpid(), SIGKILL) }
    }
    #expect(FileManager.default.fileExists(atPath: folder.path + "/ledger.sqlite-journal"))
    let ledger = try Ledger(run: folder.path)
    #expect(ledger.messages.isEmpty)
    #expect(try ledger.results() == Self.results.map(SampleResults.finished))
  }
}
