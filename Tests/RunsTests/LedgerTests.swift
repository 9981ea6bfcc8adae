import Foundation
import GRDB
import TestSupport
import Testing

@testable import Runs

@Suite("Ledger")
struct LedgerTests {
  private static func result(_ name: String, _ seed: UInt64 = 0) -> TrialResult {
    SampleResults.result(name, seed: seed, right: SampleResults.right(wrongEvery: 4, from: Int(seed % 4)))
  }

  private static func record(_ result: TrialResult, families: [String] = ["pruning"]) -> TrialRecord {
    TrialRecord(
      name: result.name, role: result.role, seed: result.seed, address: result.address, families: families)
  }

  @Test("What a trial left is read in, epochs and all, and is there when the ledger is opened again")
  func ingest() throws {
    let folder = try TemporaryFolder()
    let result = Self.result("small", .max)
    let epochs = """
      {"epoch":1,"loss":0.5,"top1":0.8,"validationLoss":null,"validationTop1":0.75,"rate":0.1}
      {"epoch":2,"loss":0.4,"top1":0.9}
      {"epoch":3,"lo
      """
    do {
      let ledger = try Ledger(run: folder.path)
      #expect(ledger.messages.isEmpty)
      try ledger.plan([Self.record(result)])
      #expect(try ledger.trials().map(\.state) == [.waiting])
      let trial = try folder.place(result, epochs: epochs)
      #expect(try ledger.ingest(trial) == result)
    }
    let ledger = try Ledger(run: folder.path)
    #expect(ledger.messages.isEmpty)
    var expected = Self.record(result)
    expected.state = .finished
    #expect(try ledger.trials() == [expected])
    #expect(try ledger.results() == [SampleResults.finished(result)])
    #expect(
      try ledger.epochs(of: result.address) == [
        EpochRecord(epoch: 1, loss: 0.5, value: 0.8, validationLoss: nil, validation: 0.75),
        EpochRecord(epoch: 2, loss: 0.4, value: 0.9, validationLoss: nil, validation: nil),
      ])
  }

  @Test("Planning again keeps what is finished and lets all else wait")
  func planning() throws {
    let folder = try TemporaryFolder()
    let ledger = try Ledger(run: folder.path)
    let results = [Self.result("a"), Self.result("b"), Self.result("c")]
    try ledger.plan(results.map { Self.record($0) })
    try ledger.ingest(try folder.place(results[0]))
    try ledger.set(.failed, reason: "out of memory", of: results[1].address)
    try ledger.set(.notRun, reason: "no time", of: results[2].address)
    let ranking = try ledger.ranking(run: "r", current: results.map(\.address))
    #expect(ranking.students.map(\.name) == ["a"])
    #expect(ranking.failed == [Ranking.Failure(name: "b", seed: 0, reason: "out of memory")])
    #expect(ranking.notRun == [Ranking.Failure(name: "c", seed: 0, reason: "no time")])
    try ledger.plan(results.map { Self.record($0) })
    #expect(try ledger.trials().map(\.state) == [.finished, .waiting, .waiting])
  }

  @Test("Several rows may be of one trial: each has its result, under its own name and with its own notes")
  func shares() throws {
    let folder = try TemporaryFolder()
    let ledger = try Ledger(run: folder.path)
    let result = Self.result("a")
    var control = Self.record(result)
    (control.name, control.role, control.controlOf) = ("b~alone", .control, ["b"])
    control.notes = ["a note"]
    for _ in 0..<2 { try ledger.plan([Self.record(result), control]) }
    try ledger.ingest(try folder.place(result))
    let rows = try ledger.results().map(\.result)
    #expect(rows.map(\.name) == ["a", "b~alone"] && rows.map(\.role) == [.student, .control])
    #expect(rows[0].accuracy == rows[1].accuracy && rows.map(\.warnings) == [[], ["a note"]])
    #expect(try ledger.presentTrials().map(\.state) == [.finished, .finished])
    try ledger.set(.failed, reason: "out of memory", of: result.address)
    #expect(try ledger.trials().map(\.reason) == ["out of memory", "out of memory"])
    let ranking = try ledger.ranking(run: "r", current: [result.address], selection: "Ranked is one.")
    #expect(ranking.students.map(\.name) == ["a", "b~alone"] && ranking.notes.first == "Ranked is one.")
    try ledger.plan([Self.record(result)])
    #expect(try ledger.trials().map(\.name) == ["a"])
  }

  @Test("Results of an older recipe stay and leave the ranking, with a note")
  func olderRecipe() throws {
    let folder = try TemporaryFolder()
    let ledger = try Ledger(run: folder.path)
    for name in ["old", "new"] { try ledger.ingest(try folder.place(Self.result(name))) }
    let ranking = try ledger.ranking(run: "r", current: [Self.result("new").address])
    #expect(ranking.students.map(\.name) == ["new"])
    #expect(ranking.notes.contains("1 result of an older recipe in the ledger, not ranked: old."))
    #expect(try ledger.results().count == 2)
  }

  @Test("The recipe, the machine and the versions are noted once as long as they stay the same")
  func invocations() throws {
    let folder = try TemporaryFolder()
    let ledger = try Ledger(run: folder.path)
    for recipe in ["one", "one", "two"] {
      try ledger.begin(recipe: recipe, machine: "2 cores", versions: ["oneDNN": "2.6.3", "condense": "1"])
    }
    #expect(try ledger.recipe() == "two")
    #expect(try ledger.read { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM invocations") } == 2)
    #expect(
      try ledger.read { try String.fetchOne($0, sql: "SELECT versions FROM invocations") }
        == "condense 1\noneDNN 2.6.3")
  }

  @Test("A ledger that was lost is made anew from the trial directories, and says so; bad ones are named")
  func rebuilt() throws {
    let folder = try TemporaryFolder()
    let results = (0..<3).map { Self.result("small", $0) }
    do {
      let ledger = try Ledger(run: folder.path)
      for result in results { try ledger.ingest(try folder.place(result)) }
    }
    let before = try Ledger(run: folder.path).ranking(run: "r", current: results.map(\.address)).json()
    try FileManager.default.removeItem(atPath: folder.path + "/ledger.sqlite")
    let broken = try folder.place(Self.result("broken"))
    let damaged = folder.path + "/" + broken + "/result.json"
    let aside = folder.path + "/trials/.damaged-" + (broken as NSString).lastPathComponent + "-1"
    try Data("{\"schema\": 1".utf8).write(to: URL(filePath: damaged))
    try FileManager.default.createDirectory(
      atPath: folder.path + "/trials/.partial-x-s0-000000000000", withIntermediateDirectories: true)
    let ledger = try Ledger(run: folder.path)
    #expect(
      ledger.messages == [
        "\(folder.path)/trials: 3 results read back, as the ledger was not there",
        "\(damaged): cannot be read: it is no JSON, or a number in it is out of its field's range; "
          + "it was set aside as \(aside), and the trial will be run again",
      ])
    #expect(FileManager.default.fileExists(atPath: aside + "/result.json"))
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/" + broken))
    #expect(try ledger.ranking(run: "r", current: results.map(\.address)).json() == before)
  }

  @Test("A trial that was finished and not read in before a kill is read in when the ledger is opened")
  func missed() throws {
    let folder = try TemporaryFolder()
    do { _ = try Ledger(run: folder.path) }
    try folder.place(Self.result("small"))
    let ledger = try Ledger(run: folder.path)
    #expect(ledger.messages == ["\(folder.path)/trials: 1 result read back, as the ledger lacked it"])
    #expect(try ledger.trials().map(\.state) == [.finished])
  }

  @Test(
    "A damaged file is set aside, whatever is damaged, and made anew", arguments: ["text", "page", "cut"])
  func damaged(how: String) throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/ledger.sqlite"
    do {
      let ledger = try Ledger(run: folder.path)
      for seed in 0..<20 { try ledger.ingest(try folder.place(Self.result("small", UInt64(seed)))) }
    }
    var bytes = try Data(contentsOf: URL(filePath: path))
    switch how {
    case "text":
      bytes = Data("this is no database, though it is long enough to be taken for one: \(bytes)".utf8)
    case "page": for index in 4096..<8192 { bytes[index] = 0x5A }
    default: bytes = bytes.prefix(bytes.count / 2)
    }
    try bytes.write(to: URL(filePath: path))
    let ledger = try Ledger(run: folder.path)
    #expect(
      ledger.messages == [
        "\(path): was damaged; it was set aside as \(path).damaged-1 and made anew",
        "\(folder.path)/trials: 20 results read back, as the ledger was not there",
      ])
    #expect(try Data(contentsOf: URL(filePath: path + ".damaged-1")) == bytes)
    #expect(try ledger.results().count == 20)
  }

  @Test("A ledger that a kill left with nothing but its list of migrations is made")
  func halfMade() throws {
    let folder = try TemporaryFolder()
    do {
      let database = try DatabaseQueue(path: folder.path + "/ledger.sqlite")
      try database.write {
        try $0.execute(sql: "CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY)")
      }
    }
    #expect(try Ledger(run: folder.path).trials().isEmpty)
  }

  @Test("A ledger from before metrics had names keeps its results and epochs")
  func before() throws {
    let folder = try TemporaryFolder()
    let result = Self.result("small", 3)
    do {
      let database = try DatabaseQueue(path: folder.path + "/ledger.sqlite")
      try LedgerSchema.migrator.migrate(database, upTo: "2026-11 rows that share a trial")
      let json = String(decoding: try SampleResults.before(result), as: UTF8.self)
      try database.write { database in
        try database.execute(
          sql: """
            INSERT INTO trials (address, name, role, seed, families, state) VALUES (?, 'small', 'student', 3, '[]', 'finished');
            INSERT INTO results VALUES (?, 'trials/small', ?, 1000, 1234, ?);
            INSERT INTO epochs VALUES (?, 0, 1, 0.5, 0.8, 0.6, 0.75);
            """,
          arguments: [
            result.address, result.address, result.accuracy.value, json, result.address,
          ])
      }
    }
    let ledger = try Ledger(run: folder.path)
    #expect(try ledger.results().map(\.result) == [result])
    #expect(
      try ledger.epochs(of: result.address) == [
        EpochRecord(epoch: 1, loss: 0.5, value: 0.8, validationLoss: 0.6, validation: 0.75)
      ])
    let metric = try ledger.read { try String.fetchOne($0, sql: "SELECT metric FROM results") }
    #expect(metric == "top1")
  }

  @Test("A database of another program, and one of a newer version, are refused and left as they are")
  func foreign() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/ledger.sqlite"
    do { try DatabaseQueue(path: path).write { try $0.execute(sql: "CREATE TABLE songs (title TEXT)") } }
    let bytes = try Data(contentsOf: URL(filePath: path))
    #expect(errorMessage { _ = try Ledger(run: folder.path) } == "\(RunError.foreignLedger(path: path))")
    #expect(errorMessage { _ = try Ledger(reading: folder.path) } == "\(RunError.foreignLedger(path: path))")
    #expect(try Data(contentsOf: URL(filePath: path)) == bytes)

    try FileManager.default.removeItem(atPath: path)
    do {
      let ledger = try Ledger(run: folder.path)
      try ledger.write { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('2031-01 something')") }
    }
    #expect(
      errorMessage { _ = try Ledger(run: folder.path) }
        == "\(path): a newer version of Condense wrote it (2031-01 something); use that version")
  }

  @Test("A disk that is full is told by path and reason, and what was committed stays")
  func full() throws {
    let folder = try TemporaryFolder()
    let ledger = try Ledger(run: folder.path)
    try ledger.ingest(try folder.place(Self.result("first")))
    try ledger.write { database in
      let pages = try Int.fetchOne(database, sql: "PRAGMA page_count") ?? 0
      try database.execute(sql: "PRAGMA max_page_count = \(pages)")
    }
    var large = Self.result("large")
    large.warnings = (0..<100).map { "warning \($0)" + String(repeating: " and more", count: 100) }
    let trial = try folder.place(large)
    #expect(
      errorMessage { try ledger.ingest(trial) }
        == "\(folder.path)/ledger.sqlite: cannot be written: no space is left on the disk")
    #expect(try ledger.results().map(\.result.name) == ["first"])
  }

  @Test("Places that cannot hold a ledger are told by path and reason")
  func unwritable() throws {
    let folder = try TemporaryFolder()
    try Data().write(to: URL(filePath: folder.path + "/file"))
    #expect(
      errorMessage { _ = try Ledger(run: folder.path + "/file/run") }.hasPrefix(
        "\(folder.path)/file/run: cannot be written: "))
    try FileManager.default.createDirectory(
      atPath: folder.path + "/run/ledger.sqlite", withIntermediateDirectories: true)
    #expect(
      errorMessage { _ = try Ledger(run: folder.path + "/run") }
        == "\(folder.path)/run/ledger.sqlite: cannot be read: it is a folder, expected a file")
  }

  @Test("Reading alone needs a ledger, changes nothing, and writes nothing")
  func reading() throws {
    let folder = try TemporaryFolder()
    #expect(
      errorMessage { _ = try Ledger(reading: folder.path) }
        == "\(folder.path)/ledger.sqlite: cannot be read: no such file; is this the directory of a run?")
    do { try Ledger(run: folder.path).ingest(try folder.place(Self.result("small"))) }
    let ledger = try Ledger(reading: folder.path)
    #expect(try ledger.results().count == 1)
    #expect(
      errorMessage { try ledger.set(.failed, of: Self.result("small").address) }
        == "\(folder.path)/ledger.sqlite: cannot be written: the file, its folder or the disk is read-only")
  }

  @Test("A directory under a name that is not its result's is refused")
  func wrongName() throws {
    let folder = try TemporaryFolder()
    let ledger = try Ledger(run: folder.path)
    let trial = try folder.place(Self.result("small"))
    try FileManager.default.moveItem(
      atPath: folder.path + "/" + trial, toPath: folder.path + "/trials/large-s0-0123456789ab")
    #expect(
      errorMessage { try ledger.ingest("trials/large-s0-0123456789ab") }
        == "\(folder.path)/trials/large-s0-0123456789ab/result.json: address: is of "
        + "\((trial as NSString).lastPathComponent), which is not this directory's name")
  }

  @Test("A result that was changed in the ledger is refused when it is read")
  func tampered() throws {
    let folder = try TemporaryFolder()
    let ledger = try Ledger(run: folder.path)
    try ledger.ingest(try folder.place(Self.result("small")))
    try ledger.write {
      try $0.execute(sql: "UPDATE results SET json = replace(json, '\"top5\":1', '\"top5\":7')")
    }
    #expect(
      errorMessage { _ = try ledger.results() }.hasSuffix(
        "accuracy.top5: expected a rate from 0 to 1, found 7.0"))
  }
}
