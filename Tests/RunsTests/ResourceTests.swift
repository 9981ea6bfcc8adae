import Foundation
import Readings
import TestSupport
import Testing

@testable import Runs

/// A resource that no file of the ledger or the ranking names, which passes through them by its own
/// description.
@Suite("A resource that nobody knows")
struct ResourceTests {
  private static let lut = Resource("lut", title: "LUTs", .count)

  /// The results of a teacher and two students on a chip with LUTs and no other resource, with three seeds
  /// each.
  private static func results() -> [TrialResult] {
    let rows: [(name: String, role: TrialRole, wrong: Int, luts: Double)] = [
      ("teacher", .teacher, 100, 4000), ("small", .student, 99, 1000), ("large", .student, 101, 2000),
    ]
    return rows.flatMap { row in
      (0..<3).map { seed in
        var reading = Reading(basis: .modelled, [lut: Figure(row.luts + Double(seed), low: 900, high: 5000)])
        reading.origin = "ab"
        return SampleResults.result(
          row.name, seed: UInt64(seed), right: SampleResults.right(of: 400, wrongEvery: row.wrong, from: 1),
          role: row.role, targets: ["fpga": reading])
      }
    }
  }

  @Test("goes from a trial's result through the ledger into means, fronts, decisions and ranking.json")
  func travels() throws {
    let folder = try TemporaryFolder()
    for result in Self.results() { try folder.place(result, run: "run") }
    let ledger = try Ledger(run: folder.path + "/run")
    let ranking = try ledger.ranking(run: "run", current: Self.results().map(\.address), margin: 0.05)

    let small = try #require(ranking.students.first { $0.name == "small" })
    #expect(small.targets["fpga"]?[Self.lut] == Figure(1001, low: 900, high: 5000))
    let summary = try #require(ranking.targets["fpga"])
    #expect(Set(summary.front) == Set(ranking.students.filter { $0.paretoOn == ["fpga"] }.map(\.name)))
    #expect(summary.front.contains("small"))
    #expect(summary.best.contains("LUTs") && !summary.energyRanksAsLatency)
    let decision = try #require(ranking.decisions.first)
    #expect(decision.smallest == nil && decision.fastest == nil && decision.mostFrugal == nil)
    let other = try #require(decision.others?.first)
    #expect(other.resource == "lut" && other.title == "least LUTs" && other.choice.name == "small")
    #expect(other.choice.reason.contains("LUTs 1001; "))

    let path = folder.path + "/ranking.json"
    try ranking.write(to: path)
    #expect(try Ranking.read(path) == ranking)
  }

  @Test("is an axis of the front: who takes less of it and is less accurate stays, who takes more falls off")
  func axes() throws {
    let readings = [1000.0, 2000].map {
      Reading(basis: .modelled, [.flash: Figure(10), Self.lut: Figure($0)])
    }
    let untold = Reading(basis: .modelled, [.flash: Figure(10)])
    let axes: [Resource] = [.flash, Self.lut]
    let points = [
      ParetoPoint(name: "less", shortfall: 0.10, readings[0], axes: axes),
      ParetoPoint(name: "more", shortfall: 0.08, readings[1], axes: axes),
      ParetoPoint(name: "beaten", shortfall: 0.11, readings[1], axes: axes),
      ParetoPoint(name: "untold", shortfall: 0.09, untold, axes: axes),
    ]
    #expect(ParetoPoint.front(points).map(\.name) == ["less", "more"])
  }

  @Test(
    "is checked as every figure is",
    arguments: [
      (Figure(0.5), "expected a whole number, found 0.5"),
      (Figure(-1), "expected a count from 0 to 2⁵³, found -1"), (Figure(3, low: 5, high: 4), "is 5.0, above"),
    ])
  func checked(_ figure: Figure, _ message: String) {
    var result = Self.results()[0]
    result.targets["fpga"]?[Self.lut] = figure
    let checked = result
    let found = errorMessage { try checked.validate(path: "result.json") }
    #expect(found.hasPrefix("result.json: targets.fpga.resources.lut."), "\(found)")
    #expect(found.contains(message), "\(found)")
  }

  @Test("a reading that tells of nothing is refused")
  func nothing() {
    var result = Self.results()[0]
    result.targets["fpga"]?.figures = [:]
    let checked = result
    #expect(
      errorMessage { try checked.validate(path: "r.json") } == "r.json: targets.fpga: tells of no resource")
  }
}
