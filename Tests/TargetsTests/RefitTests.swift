import Foundation
import Readings
import Settings
import TestSupport
import Testing

@testable import Targets

@Suite("Readings of real boards")
struct RefitTests {
  private func entry(_ latency: Double, _ energy: Double? = nil) -> BoardReadings.Entry {
    var reading = Reading(basis: .measured, [.latency: Figure(latency)])
    reading[.energy] = energy.map { Figure($0) }
    return BoardReadings.Entry(line: 2, reading: reading)
  }

  @Test("constants that readings were made with are found again")
  func exact() throws {
    let profile = try TargetProfile.named("cortex-m4", searching: shippedTargets)
    // The board is 1.5 times slower than the estimate and takes 0.5 nanojoules for a cycle at 120 MHz.
    let readings = [1.0, 2, 7].map { estimate in
      (entry(1.5 * estimate, 1.5 * estimate * 120 * 0.5), Double?(estimate), Double?(estimate / 2))
    }
    let refit = ProfileRefit(
      readings.map { (entry: $0.0, analyticMs: $0.1, simulatedMs: $0.2) }, of: profile)
    #expect(abs((refit.analytic?.value ?? 0) - 1.5) < 1e-12)
    #expect(abs((refit.simulated?.value ?? 0) - 3) < 1e-12)
    #expect(abs((refit.energy?.value ?? 0) - 0.5) < 1e-12)
    let refitted = refit.refitted(profile, source: "bench.csv")
    #expect(abs(refitted.operations[0].cycles - 1.5 * profile.operations[0].cycles) < 1e-12)
    #expect(abs((refitted.nanojoulesPerCycle?.value ?? 0) - 0.5) < 1e-12)
    #expect(refitted.latencyHigh.value < 1.0001)
    #expect(refitted.latencyHigh.source == "fitted to 3 readings of bench.csv")
  }

  /// The logarithms are 0 and ln 4: mean ln 2, standard deviation ln 4 / √2, one degree of freedom.
  @Test("the spread is the 95 % prediction interval of logarithms; one wider than the profile's is not taken")
  func spread() throws {
    let fit = try #require(ProfileRefit.Fit([1, 4]))
    #expect(abs(fit.value - 2) < 1e-12)
    let expected = exp(12.706 * log(4) / 2.0.squareRoot() * 1.5.squareRoot())
    #expect(abs((fit.spread ?? 0) / expected - 1) < 1e-9)
    #expect(ProfileRefit.Fit([3])?.spread == nil)
    #expect(ProfileRefit.Fit([]) == nil)
    let profile = try TargetProfile.named("cortex-m4", searching: shippedTargets)
    let refit = ProfileRefit(
      [
        (entry: entry(1), analyticMs: 1, simulatedMs: nil),
        (entry: entry(4), analyticMs: 1, simulatedMs: nil),
      ],
      of: profile)
    #expect(refit.refitted(profile, source: "x").latencyHigh == profile.latencyHigh)
  }

  @Test("a refitted profile is written as YAML that reads as the same profile")
  func written() throws {
    for profile in try TargetProfile.all(in: shippedTargets) {
      let refit = ProfileRefit(
        [
          (entry: entry(3, 9), analyticMs: 2, simulatedMs: 2),
          (entry: entry(3.1, 9), analyticMs: 2, simulatedMs: 2),
        ],
        of: profile)
      let refitted = refit.refitted(profile, source: "bench.csv")
      let text = refitted.yaml(comment: "Refitted")
      let read = try TargetProfile(from: SettingsNode(yaml: text, source: "written"), owner: "a target")
      #expect(read.node == refitted.node, "\(profile.name)")
    }
  }

  @Test("a simulator's factors grow by one, with where it comes from")
  func factors() throws {
    let profile = try TargetProfile.named("cortex-m4", searching: shippedTargets)
    let refit = ProfileRefit([(entry: entry(3), analyticMs: nil, simulatedMs: 2)], of: profile)
    let refitted = refit.refitted(profile, source: "bench.csv")
    let factors = try refitted.simulator?.settings["factors"]?.list("factors") ?? []
    #expect(factors.count == 2)
    #expect(factors.last?["value"]?.content == .number(1.5))
  }

  @Test("a day is frames and sleep; a rate that cannot be kept has none")
  func day() throws {
    var profile = try TargetProfile.named("uno", searching: shippedTargets)
    profile.framesPerSecond = Sourced(2, source: "test")
    profile.sleepMilliwatts = Sourced(0.5, source: "test")
    // 2 · 300 µJ, and 0.5 mW for the 80 % of a second that 2 · 100 ms leave.
    let expected = 86_400 * (2 * 300e-6 + 0.5e-3 * 0.8)
    let found = try #require(profile.energyPerDayJoules(latencyMs: 100, energyMicrojoules: 300))
    #expect(abs(found - expected) < 1e-9)
    #expect(profile.energyPerDayJoules(latencyMs: 501, energyMicrojoules: 300) == nil)
  }

  @Test(
    "a file that makes no sense is refused with its line",
    arguments: [
      (
        "",
        "f.csv: no readings; the first line names the columns: model, estimatedMs, latencyMs, energyMicrojoules"
      ),
      (
        "latencyMs,estimatedMs\n",
        "f.csv: no readings; the first line names the columns: model, estimatedMs, latencyMs, energyMicrojoules"
      ),
      (
        "latency,estimatedMs\n1,1",
        "f.csv:1: \"latency\" is no column; did you mean \"latencyMs\"? (model, estimatedMs, latencyMs, energyMicrojoules)"
      ),
      ("latencyMs\n1", "f.csv:1: expected the column latencyMs, and either model or estimatedMs"),
      ("latencyMs,latencyMs\n1,1", "f.csv:1: a column is named twice"),
      ("latencyMs,estimatedMs\n1", "f.csv:2: expected 2 fields, found 1"),
      (
        "latencyMs,estimatedMs\n\n1,nan",
        "f.csv:3: \"estimatedMs\" must be a number in 1e-09...1e+12, found \"nan\""
      ),
      (
        "latencyMs,estimatedMs\n-1,1",
        "f.csv:2: \"latencyMs\" must be a number in 1e-09...1e+12, found \"-1\""
      ),
      ("latencyMs,model\n1,\"a", "f.csv:2: a double quote is not closed"),
      ("latencyMs,model\n1,", "f.csv:2: expected the path of a model"),
    ])
  func hostile(_ text: String, _ message: String) {
    #expect(errorMessage { _ = try BoardReadings(text, path: "f.csv") } == message)
  }

  @Test("columns stand in any order; a path in quotes may hold commas; energy may be left out")
  func readings() throws {
    let file = try BoardReadings(
      "energyMicrojoules, model, latencyMs\n12.5,\"a,b.condensed\",3\n,c.condensed,4\n", path: "f.csv")
    #expect(file.entries.map(\.model) == ["a,b.condensed", "c.condensed"])
    #expect(file.entries.map { $0.reading[.latency]?.value } == [3, 4])
    #expect(file.entries.map { $0.reading[.energy]?.value } == [12.5, nil])
  }
}
