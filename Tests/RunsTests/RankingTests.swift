import Foundation
import Metrics
import TestSupport
import Testing

@testable import Runs

@Suite("Ranking")
struct RankingTests {
  /// A teacher, a good student with a control, and a poor one, on three seeds; the target's figures follow
  /// the size.
  private static func trials(seeds: Range<UInt64> = 0..<3) -> [FinishedTrial] {
    seeds.flatMap { seed -> [TrialResult] in
      let offset = Int(seed)
      let small = SampleResults.reading(flash: 1000, ram: 400, ms: 2, energy: 10)
      let large = SampleResults.reading(flash: 2000, ram: 800, ms: 4, energy: 20)
      return [
        SampleResults.result(
          "teacher", seed: seed, right: SampleResults.right(wrongEvery: 50, from: offset), role: .teacher,
          fileBytes: 4000,
          targets: ["uno": SampleResults.reading(flash: 4000, ram: 1000, ms: 8, energy: 40, fits: false)]),
        SampleResults.result(
          "good", seed: seed, right: SampleResults.right(wrongEvery: 40, from: offset),
          targets: ["uno": large]),
        SampleResults.result(
          "good-alone", seed: seed, right: SampleResults.right(wrongEvery: 10, from: offset), role: .control,
          controlOf: ["good"], targets: ["uno": large]),
        SampleResults.result(
          "poor", seed: seed, right: SampleResults.right(wrongEvery: 3, from: offset), fileBytes: 4000,
          targets: ["uno": small], arithmetic: "simulated"),
      ]
    }.map(SampleResults.finished)
  }

  @Test("Rows stand best first, with mean, deviation and seeds")
  func rows() throws {
    let ranking = try RankingBuilder(run: "r", trials: Self.trials().reversed()).ranking()
    #expect(ranking.students.map(\.name) == ["good", "good-alone", "poor"])
    #expect(ranking.students.map(\.role) == ["student", "control", "student"])
    let good = ranking.students[0]
    #expect(good.seeds == [0, 1, 2])
    #expect(!good.indicative)
    #expect(abs(good.accuracy.mean - 0.975) < 1e-12)
    #expect(good.accuracy.sd == 0)
    // The wrong images are 0, 3, …, 198; then 2, 5, …, 197; then 1, 4, …, 199: 67, 66 and 67 of 200.
    #expect(ranking.students[2].accuracy.perSeed == [0.665, 0.67, 0.665])
    #expect(abs((ranking.students[2].accuracy.sd ?? 0) - 0.005 / 3.0.squareRoot()) < 1e-12)
    #expect(good.accuracy.low < good.accuracy.mean && good.accuracy.mean < good.accuracy.high)
    #expect(
      good.model
        == Self.trials().first { $0.result.name == "good" }.map { $0.directory + "/student.condensed" })
    #expect(ranking.teacher?.name == "teacher")
    #expect(ranking.teacher?.againstTeacher == nil)
  }

  @Test(
    "Compared are students with the teacher, with their controls, and neighbours on a front; Holm corrects for all"
  )
  func comparisons() throws {
    let trials = Self.trials()
    let ranking = try RankingBuilder(run: "r", trials: trials).ranking()
    #expect(
      ranking.comparisons.map { "\($0.first)-\($0.second)" } == [
        "good-teacher", "poor-teacher", "good-good-alone", "good-poor",
      ])
    let samples = Dictionary(grouping: trials, by: \.result.name).compactMapValues { RowTrials($0)?.sample }
    let variance = SeedVariance(Array(samples.values))
    let raw = try ranking.comparisons.map { comparison in
      let first = try #require(samples[comparison.first])
      let second = try #require(samples[comparison.second])
      return try #require(first.difference(from: second, variance)).pValue
    }
    #expect(ranking.comparisons.map(\.pValue) == Holm.corrected(raw).map(Optional.some))
    let poor = try #require(ranking.students[2].againstTeacher)
    #expect(poor.pValue == ranking.comparisons[1].pValue)
    #expect(try #require(poor.pValue) < 0.001)
    #expect(poor.high < 0)
  }

  @Test("Every two students are compared beside that, corrected among themselves; the summary counts them")
  func pairs() throws {
    let trials = (0..<9).map { number in
      let (row, seed) = (number / 3, UInt64(number % 3))
      return SampleResults.finished(
        SampleResults.result(
          "r\(row)", seed: seed, right: SampleResults.right(wrongEvery: [40, 38, 4][row] - Int(seed) % 2)))
    }
    let ranking = try RankingBuilder(run: "r", trials: trials).ranking()
    #expect(ranking.studentPairs.map { "\($0.first)-\($0.second)" } == ["r0-r1", "r0-r2", "r1-r2"])
    #expect(ranking.studentPairs.map(\.isDifference) == [false, true, true])
    let variance = SeedVariance(
      Dictionary(grouping: trials, by: \.result.name).values.compactMap { RowTrials($0)?.sample })
    let samples = Dictionary(grouping: trials, by: \.result.name).compactMapValues { RowTrials($0)?.sample }
    let raw = try ranking.studentPairs.map { pair in
      let (first, second) = (try #require(samples[pair.first]), try #require(samples[pair.second]))
      return try #require(first.difference(from: second, variance)).pValue
    }
    #expect(ranking.studentPairs.map(\.pValue) == Holm.corrected(raw).map(Optional.some))
    #expect(ranking.summary.contains("2 of 3 pairs of students are told apart."))
  }

  @Test("Below three seeds rows are indicative and no p-value is given")
  func indicative() throws {
    let ranking = try RankingBuilder(run: "r", trials: Self.trials(seeds: 0..<2)).ranking()
    #expect(ranking.students.map(\.indicative) == [true, true, true])
    #expect(ranking.comparisons.compactMap(\.pValue).isEmpty)
    #expect(
      ranking.notes.contains { $0.hasPrefix("Indicative, as below 3 seeds: good, good-alone, poor, teacher") }
    )
    #expect(ranking.summary.contains("indicative"))
    #expect(!ranking.summary.contains("p ="))
    #expect(!ranking.summary.contains("told apart"))
  }

  @Test("The summary names what the best is not told apart from")
  func ties() throws {
    let trials = (0..<3).flatMap { seed in
      [("a", 20, 0), ("b", 20, 7), ("c", 3, 0)].map { name, step, offset in
        SampleResults.finished(
          SampleResults.result(
            name, seed: UInt64(seed), right: SampleResults.right(wrongEvery: step, from: offset + seed)))
      }
    }
    let ranking = try RankingBuilder(run: "r", trials: trials).ranking()
    #expect(ranking.summary.contains("It is not told apart from b."))
  }

  @Test("On a target only what fits stands on the front, and the teacher never does")
  func targets() throws {
    let ranking = try RankingBuilder(run: "r", trials: Self.trials()).ranking()
    let uno = try #require(ranking.targets["uno"])
    #expect(uno.front == ["good", "poor"])
    #expect(ranking.students.map(\.paretoOn) == [["uno"], [], ["uno"]])
    #expect(ranking.teacher?.paretoOn == [])
    #expect(uno.energyRanksAsLatency)
    #expect(uno.best.hasPrefix("good: 97.50 %"))
    // The hypervolume up to (error 1, flash 4000, RAM 1000, energy 40): two boxes minus their intersection.
    let poor = ranking.students[2].accuracy.mean
    let expected = 0.975 * 0.5 * 0.2 * 0.5 + poor * 0.75 * 0.6 * 0.75 - poor * 0.5 * 0.2 * 0.5
    #expect(abs(uno.hypervolume - expected) < 1e-12)
  }

  @Test("Where nothing fits, the line says what comes closest and why it does not fit")
  func nothingFits() throws {
    let trials = (0..<3).map { seed in
      SampleResults.finished(
        SampleResults.result(
          "a", seed: UInt64(seed), right: SampleResults.right(wrongEvery: 9),
          targets: ["uno": SampleResults.reading(fits: seed != 1)]))
    }
    let ranking = try RankingBuilder(run: "r", trials: trials).ranking()
    #expect(ranking.targets["uno"]?.front == [])
    #expect(ranking.targets["uno"]?.hypervolume == 0)
    #expect(
      ranking.targets["uno"]?.best
        == "nothing fits; the smallest is a with flash 1000 B, RAM 500 B: flash: 10 bytes too many")
  }

  @Test("Notes name simulated arithmetic, files that did not shrink, older results")
  func notes() throws {
    var builder = RankingBuilder(run: "r", trials: Self.trials(), older: ["gone", "gone"])
    builder.failed = [
      Ranking.Failure(name: "bin", seed: 1, reason: "killed"),
      Ranking.Failure(name: "bin", seed: 0, reason: "out of memory"),
    ]
    builder.families = ["bin": ["binary"], "good": ["pruning"]]
    let ranking = try builder.ranking()
    let notes = ranking.notes.joined(separator: "\n")
    #expect(notes.contains("simulated in floats, not of integer arithmetic: poor."))
    #expect(notes.contains("no smaller than the teacher's (4000 B): poor (4000 B)."))
    #expect(notes.contains("2 results of an older recipe in the ledger, not ranked: gone."))
    #expect(notes.contains("No trial of binary gave a result (bin, seed 0: out of memory)."))
    #expect(!notes.contains("pruning gave"))
    #expect(ranking.failed.map(\.seed) == [0, 1])
  }

  @Test("A row of fewer seeds, other images or another address is ranked and said")
  func uneven() throws {
    var trials = Self.trials().filter { $0.result.name != "poor" || $0.result.seed == 0 }
    trials.append(
      SampleResults.finished(
        SampleResults.result("odd", seed: 0, right: SampleResults.right(of: 100, wrongEvery: 4))))
    var again = trials[1]
    again.result.address = String(repeating: "f", count: 64)
    trials.append(again)
    let ranking = try RankingBuilder(run: "r", trials: trials).ranking()
    let notes = ranking.notes.joined(separator: "\n")
    #expect(notes.contains("Over fewer than 3 seeds: odd (1), poor (1)."))
    #expect(
      notes.contains(
        "Not compared with the teacher, for want of a seed that both have on the same test images: odd."))
    #expect(notes.contains("1 result of a name and seed that occur again"))
    #expect(ranking.students.first { $0.name == "odd" }?.againstTeacher == nil)
  }

  @Test("A run without any result has a ranking that says so")
  func empty() throws {
    let ranking = try RankingBuilder(
      run: "r", trials: [], notRun: [Ranking.Failure(name: "a", seed: 0, reason: "time")]
    ).ranking()
    #expect(ranking.summary == "No student gave a result.")
    #expect(ranking.teacher == nil)
    #expect(ranking.notRun.count == 1)
  }

  @Test("Equal trials in any order give equal bytes, and what is written is read back")
  func bytes() throws {
    let folder = try TemporaryFolder()
    let trials = Self.trials()
    let ranking = try RankingBuilder(run: "r", trials: trials).ranking()
    let again = try RankingBuilder(run: "r", trials: trials.reversed()).ranking()
    #expect(try ranking.json() == again.json())
    try ranking.write(to: folder.path + "/ranking.json")
    #expect(try Ranking.read(folder.path + "/ranking.json") == ranking)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["ranking.json"])
  }

  @Test("The file has the keys of the schema, even where there is nothing to say", arguments: [1, 3])
  func schema(seeds: Int) throws {
    let trials = Self.trials(seeds: 0..<UInt64(seeds)).filter { $0.result.role != .teacher }
    let json = try RankingBuilder(run: "r", trials: trials).ranking().json()
    let top = try #require(try JSONSerialization.jsonObject(with: json) as? [String: Any])
    #expect(
      Set(["schema", "run", "teacher", "students", "failed", "notRun"]).isSubset(of: top.keys))
    #expect(top["teacher"] is NSNull)
    let row = try #require((top["students"] as? [[String: Any]])?.first)
    #expect(
      Set([
        "name", "role", "methods", "seeds", "accuracy", "size", "parameters", "nonZeros", "multiplyAdds",
        "targets", "model",
        "againstTeacher",
      ]).isSubset(of: row.keys))
    let accuracy = try #require(row["accuracy"] as? [String: Any])
    #expect(Set(["metric", "mean", "sd", "low", "high", "perSeed"]).isSubset(of: accuracy.keys))
    #expect((accuracy["sd"] is NSNull) == (seeds == 1))
    let uno = try #require((row["targets"] as? [String: [String: Any]])?["uno"])
    #expect(
      Set(["flashBytes", "ramBytes", "latencyMs", "energyMicrojoules", "basis", "low", "high", "fits"])
        .isSubset(
          of: uno.keys))
  }

  @Test("A result that breaks its own rules is refused before it is ranked")
  func invalid() throws {
    var trial = Self.trials()[0]
    var details =
      SampleResults.accuracy(SampleResults.right(wrongEvery: 40)).details as? ClassificationDetails
    details?.correct = "AAAA"
    trial.result.accuracy.details = try #require(details)
    #expect(
      errorMessage { _ = try RankingBuilder(run: "r", trials: [trial]).ranking() }
        == "\(trial.directory)/result.json: accuracy.correct: expected 25 bytes for 200 images, found 3")
  }
}
