import Foundation
import Testing

@testable import Runs

@Suite("Decisions")
struct DecisionTests {
  private typealias Sample = (
    name: String, wrong: Int, flash: Int, ms: Double, energy: Double, role: TrialRole, fits: Bool
  )

  /// Trials on 2,000 images, of which `wrong` in a thousand are misclassified, different ones for each seed.
  private static func trials(_ samples: [Sample], seeds: Range<Int> = 0..<3, images: Int = 2000)
    -> [FinishedTrial]
  {
    seeds.flatMap { seed in
      samples.map { sample in
        let right = (0..<images).map { ($0 * 7 + seed * 3) % 1000 >= sample.wrong }
        let reading = SampleResults.reading(
          flash: sample.flash, ms: sample.ms, energy: sample.energy, fits: sample.fits)
        return SampleResults.finished(
          SampleResults.result(
            sample.name, seed: UInt64(seed), right: right, role: sample.role,
            controlOf: sample.role == .control ? ["small"] : [], targets: ["uno": reading]))
      }
    }
  }

  private static let samples: [Sample] = [
    ("teacher", 20, 9000, 90, 90, .teacher, true), ("large", 18, 8000, 50, 60, .student, true),
    ("small", 22, 3000, 40, 20, .student, true), ("quick", 24, 5000, 10, 30, .student, true),
    ("poor", 90, 1000, 5, 5, .student, true), ("control", 10, 500, 1, 1, .control, true),
    ("big", 5, 90_000, 1, 1, .student, false),
  ]

  private static func decision(_ trials: [FinishedTrial], margin: Double? = nil) throws -> Ranking.Decision {
    let ranking = try RankingBuilder(run: "r", trials: trials).ranking()
    let decisions = margin.map { ranking.deciding(margin: $0).decisions } ?? ranking.decisions
    return try #require(decisions.first)
  }

  @Test(
    "Of what fits and is close to the teacher the least of each is taken; never a control, nor what does not fit"
  )
  func choices() throws {
    let decision = try Self.decision(Self.trials(Self.samples))
    #expect(decision.target == "uno" && decision.margin == 0.01 && decision.note == nil)
    #expect(decision.smallest?.name == "small" && decision.mostFrugal?.name == "small")
    #expect(decision.fastest?.name == "quick" && decision.mostAccurate?.name == "large")
    let small = try #require(decision.smallest)
    #expect(abs(small.accuracy - 0.978) < 1e-9 && small.low <= small.accuracy && small.accuracy <= small.high)
    #expect(small.reason.contains("0.20 points below the teacher") && small.reason.contains("confidence"))
  }

  @Test("A wider margin lets the smaller student in, one of nothing keeps all out that may be worse")
  func margins() throws {
    let trials = Self.trials(Self.samples)
    #expect(try Self.decision(trials, margin: 0.2).smallest?.name == "poor")
    let strict = try Self.decision(trials, margin: 0.0001)
    #expect(strict.smallest == nil || strict.smallest?.name == "large")
    #expect(try Self.decision(trials, margin: 0.001).fastest?.name != "quick")
  }

  @Test("Below three seeds nothing is tested, and the reason says so")
  func fewSeeds() throws {
    let decision = try Self.decision(Self.trials(Self.samples, seeds: 0..<2))
    #expect(decision.smallest?.name == "small")
    #expect(decision.smallest?.reason.contains("not tested") == true)
  }

  @Test("Where there is no choice the note says why")
  func none() throws {
    let poor = Self.samples.filter { ["teacher", "poor", "control"].contains($0.name) }
    let far = try Self.decision(Self.trials(poor))
    #expect(far.smallest == nil && far.fastest == nil && far.mostFrugal == nil)
    #expect(far.mostAccurate?.name == "poor")
    #expect(far.note?.contains("the nearest is poor") == true)
    let unfit = Self.samples.filter { ["teacher", "big"].contains($0.name) }
    #expect(try Self.decision(Self.trials(unfit)).note?.contains("nothing fits") == true)
    let orphans = try Self.decision(Self.trials(Self.samples.filter { $0.role != .teacher }))
    #expect(orphans.note?.contains("no teacher") == true && orphans.mostAccurate?.name == "large")
    let controls = try Self.decision(Self.trials(Self.samples.filter { $0.role != .student }))
    #expect(controls.mostAccurate == nil && controls.note == "no student gave a result")
  }

  @Test(
    "Odd runs give finite figures: one image, one seed, one row, all equal, nothing or everything right",
    arguments: [1, 2, 7, 2000], [0..<1, 0..<2, 0..<3])
  func odd(images: Int, seeds: Range<Int>) throws {
    for wrong in [0, 20, 1000] {
      for names in [["a"], ["a", "b"], ["teacher", "a", "b", "control"]] {
        let samples: [Sample] = names.map { name in
          let role: TrialRole = name == "teacher" ? .teacher : name == "control" ? .control : .student
          return (name, wrong, 100, 1, 1, role, true)
        }
        let trials = Self.trials(samples, seeds: seeds, images: images)
        let ranking = try RankingBuilder(run: "r", trials: trials).ranking()
        // JSON cannot contain a number that is not finite.
        _ = try ranking.json()
        for comparison in ranking.comparisons {
          #expect(comparison.low <= comparison.mean && comparison.mean <= comparison.high)
          #expect((0...1).contains(comparison.pValue ?? 0))
        }
        #expect(ranking.decisions.count == 1)
      }
    }
  }

  @Test("Seeds that differ by row, and other test images, leave rows uncompared but ranked")
  func uneven() throws {
    let teacher = Self.trials([Self.samples[0]], seeds: 0..<3)
    let other = Self.trials([Self.samples[2]], seeds: 5..<8)
    let fewer = Self.trials([Self.samples[3]], seeds: 0..<3, images: 50)
    let ranking = try RankingBuilder(run: "r", trials: teacher + other + fewer).ranking()
    #expect(ranking.students.count == 2 && ranking.students.allSatisfy { $0.againstTeacher == nil })
    let decision = try #require(ranking.decisions.first)
    #expect(decision.smallest == nil && decision.note?.contains("shares a seed and test images") == true)
  }
}
