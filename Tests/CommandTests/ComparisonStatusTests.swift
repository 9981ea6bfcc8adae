import Execution
import Recipes
import Runs
import Settings
import Testing
import Trials

@testable import condense

@Suite("What a terminal shows of a comparison")
struct ComparisonStatusTests {
  private static func spec(_ name: String, seed: UInt64) -> TrialSpec {
    TrialSpec(
      name: name, role: .student, seed: seed, data: "glyphs", dataDigest: "", validationFraction: 0.1,
      start: .teacher, stages: [], threads: 1, precision: .f32, instructionSet: "x")
  }

  private static func running(_ name: String, seed: UInt64, _ lines: [String]) -> ComparisonStatus.Running {
    var trial = ComparisonStatus.Running(spec(name, seed: seed), began: ContinuousClock().now)
    for line in lines { trial.hear(line) }
    return trial
  }

  @Test("a trial tells its stage and its epoch, and forgets the epoch with the next stage")
  func trial() {
    let lines = ["stage 1 of 2: channel-pruning", "epoch 3/6: loss 0.25, top-1 0.5"]
    #expect(
      Self.running("narrow", seed: 1, lines).text
        == "narrow, seed 1: stage 1 of 2: channel-pruning, epoch 3/6")
    #expect(
      Self.running("narrow", seed: 1, lines + ["stage 2 of 2: codebook"]).text
        == "narrow, seed 1: stage 2 of 2: codebook")
    #expect(Self.running("narrow", seed: 0, ["", " "]).text == "narrow, seed 0")
  }

  @Test("a line for the whole and one for each trial, by name; none is wider than the terminal")
  func lines() {
    var status = ComparisonStatus(total: 57)
    (status.done, status.failed, status.secondsLeft) = (18, 1, 250)
    status.best = ("magnitude-0.8", 0.97512)
    status.running = [
      Self.running("svd", seed: 0, ["stage 1 of 1: svd-linear"]),
      Self.running(
        "a-rather-long-name-of-a-student-that-does-not-end", seed: 0, ["stage 1 of 2: channel-pruning"]),
    ]
    let lines = status.lines(width: 79)
    #expect(
      lines[0] == "[#####          ] 19/57, 1 failed, about 4 min left, best magnitude-0.8 97.51 %")
    #expect(lines[1].hasPrefix("  a-rather") && lines[1].hasSuffix("…"))
    #expect(lines[2] == "  svd, seed 0: stage 1 of 1: svd-linear")
    for width in [40, 60, 79, 200] { #expect(status.lines(width: width).allSatisfy { $0.count <= width }) }
    status.running = (0..<20).map { Self.running("t\($0)", seed: 0, []) }
    #expect(status.lines(width: 79).count == 10 && status.lines(width: 79).last == "  and 12 more")
  }
}
