import Foundation
import TestSupport
import Testing

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
    for file in ReportFile.all {
      #expect(try !directory.text(file.name).isEmpty)
    }
    let left = try FileManager.default.contentsOfDirectory(atPath: directory.path)
    #expect(Set(left) == Set(ReportFile.all.map(\.name) + ["recipe.yaml", "trials"]))
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
    try directory.write(Data("{\"schema\":1}".utf8), to: "ranking.json")
    #expect(errorMessage { _ = try RunFolder(path: directory.path).report() }.contains("lacks \"run\""))
    let file = directory.path + "/ranking.json"
    #expect(errorMessage { _ = try RunFolder(path: file).report() }.contains("expected a folder"))
  }

  @Test("A ranking of a later schema and a broken result are named")
  func laterAndBroken() throws {
    let directory = try RunDirectory()
    var report = SyntheticRun().report
    report.ranking.schema = 2
    try directory.write(try RankingJSON.encode(report.ranking), to: "ranking.json")
    #expect(
      errorMessage { _ = try RunFolder(path: directory.path).report() }.contains("expected schema 1, found 2")
    )
    report.ranking.schema = 1
    try directory.fill(report)
    try directory.write(Data("{\"schema\":\"x\"}".utf8), to: "trials/t0-s0-0123456789ab/result.json")
    #expect(
      errorMessage { _ = try RunFolder(path: directory.path).report() }
        .hasPrefix("\(directory.path)/trials/t0-s0-0123456789ab/result.json: schema: expected Int"))
  }
}
