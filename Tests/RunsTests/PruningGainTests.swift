import Foundation
import Readings
import Testing

@testable import Runs

@Suite("What pruning gained")
struct PruningGainTests {
  private func reading(_ unpruned: Reading.Unpruned?, relativeError: Double? = 0.05) -> Reading {
    var reading = SampleResults.reading(flash: 1000, ms: 2)
    reading.unpruned = unpruned
    reading.relativeError = relativeError
    return reading
  }

  private func warnings(_ readings: [Reading], teacher: Reading? = nil, bits: String = "w32a32") throws
    -> [String]
  {
    let right = SampleResults.right(wrongEvery: 20)
    var trials = readings.enumerated().map { seed, reading in
      SampleResults.result("pruned", seed: UInt64(seed), right: right, targets: ["uno": reading])
    }
    trials.indices.forEach { trials[$0].bits = bits }
    if let teacher {
      var result = SampleResults.result(
        "teacher", seed: 0, right: right, role: .teacher, targets: ["uno": teacher])
      result.nonZeros = 100
      trials.append(result)
    }
    let ranking = try RankingBuilder(run: "r", trials: trials.map(SampleResults.finished)).ranking()
    return ranking.students[0].warnings
  }

  @Test("A row says on which target it is no smaller or no faster than with its zeros")
  func masked() throws {
    #expect(try warnings([reading(.init(flashBytes: 1001, latencyMs: 3))]) == [])
    #expect(
      try warnings([reading(.init(flashBytes: 1000, latencyMs: 3))])
        == [
          "fewer weights, but no smaller on uno: flash 1000 B, and flash 1000 B with its zeros stored and multiplied"
        ])
    #expect(
      try warnings([reading(.init(flashBytes: 1001, latencyMs: 1.5))])
        == [
          "fewer weights, but no faster on uno: 2 ms, and 1.5 ms with its zeros stored and multiplied"
        ])
  }

  @Test("As fast is what the target cannot tell apart")
  func ties() throws {
    #expect(try warnings([reading(.init(flashBytes: 2000, latencyMs: 2.05))]).count == 1)
    #expect(try warnings([reading(.init(flashBytes: 2000, latencyMs: 2.05), relativeError: nil)]) == [])
    #expect(try warnings([reading(.init(flashBytes: 2000, latencyMs: 2.2))]) == [])
  }

  @Test("Seeds are averaged; where one says nothing, the row does not")
  func seeds() throws {
    let (good, bad) = (
      reading(.init(flashBytes: 1500, latencyMs: 9)), reading(.init(flashBytes: 400, latencyMs: 9))
    )
    #expect(try warnings([good, bad]).count == 1)
    #expect(try warnings([good, good, bad]) == [])
    #expect(try warnings([bad, reading(nil)]) == [])
  }

  @Test("Without masks the teacher is the reference, if its numbers are of the same bits")
  func teacher() throws {
    let equal = SampleResults.reading(flash: 1000, ms: 2.5)
    #expect(
      try warnings([reading(nil)], teacher: equal)
        == ["fewer weights, but no smaller on uno: flash 1000 B, and flash 1000 B for the teacher"])
    #expect(try warnings([reading(nil)], teacher: equal, bits: "w8a8") == [])
    #expect(try warnings([reading(nil)]) == [])
  }

  @Test("The reference goes through a result's file, and one that is no amount is refused")
  func file() throws {
    let right = SampleResults.right(wrongEvery: 20)
    func copy(_ unpruned: Reading.Unpruned) throws -> TrialResult {
      let result = SampleResults.result("pruned", seed: 0, right: right, targets: ["uno": reading(unpruned)])
      return try TrialResult.decoded(from: result.json(), path: "r.json")
    }
    #expect(
      try copy(.init(flashBytes: 7, latencyMs: 3)).targets["uno"]?.unpruned
        == .init(flashBytes: 7, latencyMs: 3))
    #expect(throws: RunError.self) { try copy(.init(flashBytes: -7, latencyMs: 3)) }
    #expect(throws: RunError.self) { try copy(.init(flashBytes: 7, latencyMs: -3)) }
  }
}
