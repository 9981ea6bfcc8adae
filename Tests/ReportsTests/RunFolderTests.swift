import Foundation
import TestSupport
import Testing

@testable import ReportSupport
@testable import Reports
@testable import Runs

@Suite("The directory of a run")
struct RunFolderTests {
  @Test("What a comparison left is read whole, and the report's files appear beside it")
  func roundTrip() throws {
    let expected = SyntheticRun().report
    let directory = try RunDirectory()
    try directory.fill(expected)
    let report = try RunFolder(path: directory.path + "/").report(families: SyntheticRun.families)
    #expect(report.ranking == expected.ranking)
    #expect(report.trials == expected.trials)
    #expect(report.curves == expected.curves)
    #expect(report.recipe == expected.recipe)
    try report.write(to: directory.path, charts: nil)
    for name in ReportFormat.standardNames {
      #expect(try !directory.text(name).isEmpty)
    }
    let left = try FileManager.default.contentsOfDirectory(atPath: directory.path)
    #expect(Set(left) == Set(ReportFormat.standardNames + ["recipe.yaml", "trials"]))
  }

  @Test("What is no run is refused with where, what and what to do")
  func refusals() throws {
    let directory = try RunDirectory()
    #expect(
      errorMessage { _ = try RunFolder(path: directory.path).report() }
        == "\(directory.path): not the directory of a run: it holds neither ranking.json nor ledger.sqlite; "
        + "give the folder that `condense compare` wrote")
    #expect(errorMessage { _ = try RunFolder(path: "/nowhere").report() }.contains("no such folder"))
    try directory.write(Data("[".utf8), to: "ranking.json")
    #expect(
      errorMessage { _ = try RunFolder(path: directory.path).report() }
        == "\(directory.path)/ranking.json: it is no JSON")
    try directory.write(Data("{\"schema\":\(Ranking.schemaVersion)}".utf8), to: "ranking.json")
    #expect(errorMessage { _ = try RunFolder(path: directory.path).report() }.contains("lacks \"run\""))
    let file = directory.path + "/ranking.json"
    #expect(errorMessage { _ = try RunFolder(path: file).report() }.contains("expected a folder"))
  }

  @Test("A ranking of a later schema and a broken result are named; one of an older needs the ledger")
  func otherSchemas() throws {
    let directory = try RunDirectory()
    var report = SyntheticRun().report
    let present = Ranking.schemaVersion
    for (schema, words) in [(present + 1, "a newer condense"), (present - 1, "cannot be ranked anew")] {
      report.ranking.schema = schema
      try directory.write(try RankingJSON.encode(report.ranking), to: "ranking.json")
      let message = errorMessage { _ = try RunFolder(path: directory.path).report() }
      #expect(message.contains("expected schema \(present), found \(schema)") && message.contains(words))
    }
    report.ranking.schema = present
    try directory.fill(report)
    try directory.write(Data("{\"schema\":\"x\"}".utf8), to: "trials/t0-s0-0123456789ab/result.json")
    #expect(
      errorMessage { _ = try RunFolder(path: directory.path).report() }
        .hasPrefix("\(directory.path)/trials/t0-s0-0123456789ab/result.json: schema: expected Int"))
  }
}
