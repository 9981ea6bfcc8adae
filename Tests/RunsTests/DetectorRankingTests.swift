import Foundation
import Metrics
import Tensors
import TestSupport
import Testing

@testable import Runs

@Suite("Rankings of detectors")
struct DetectorRankingTests {
  /// A detector of one class on 60 images with two boxes each.
  ///
  /// It finds a box with probability `skill`, and otherwise reports a wrong one.
  private static func judged(skill: Float, seed: UInt64, images: Int = 60) -> AveragePrecision {
    var one = AveragePrecision.Class(thresholds: 1)
    var random = SeededRandom(seed: seed, purpose: "detector")
    var found: [(score: Float, image: Int, verdict: AveragePrecision.Verdict)] = []
    for image in 0..<images {
      one.boxImages.append(image)
      one.boxCounts.append(2)
      for _ in 0..<2 {
        let isRight = random.uniform() < skill
        found.append((random.uniform() + (isRight ? 0.3 : 0), image, isRight ? .right : .wrong))
      }
    }
    found.sort { $0.score > $1.score }
    one.images = found.map(\.image)
    one.verdicts = [found.map(\.verdict)]
    return AveragePrecision(
      images: images, classes: [one, AveragePrecision.Class(thresholds: 1)], by: .voc2010)
  }

  private static func trials(_ skills: KeyValuePairs<String, Float>, seeds: UInt64 = 3) -> [FinishedTrial] {
    skills.flatMap { name, skill in
      (0..<seeds).map { seed in
        let result = SampleResults.result(
          name, seed: seed, right: [true], role: name == "teacher" ? .teacher : .student)
        return SampleResults.finished(
          SampleResults.detector(result, judged(skill: skill, seed: 7 * seed + UInt64(name.count))))
      }
    }
  }

  @Test("Rows are ranked by mean average precision and told apart by drawing images anew")
  func ranking() throws {
    let trials = Self.trials(["teacher": 0.9, "good": 0.88, "poor": 0.3])
    let ranking = try RankingBuilder(run: "boxes", trials: trials).ranking()
    #expect(ranking.students.map(\.name) == ["good", "poor"] && ranking.metric == AveragePrecision.kind)
    let good = ranking.students[0]
    let own = trials.filter { $0.result.name == "good" }.map(\.result.accuracy.value)
    #expect(abs(good.accuracy.mean - own.reduce(0, +) / 3) < 1e-12 && good.accuracy.perSeed == own)
    #expect(good.accuracy.low < good.accuracy.mean && good.accuracy.mean < good.accuracy.high)
    #expect(ranking.studentPairs[0].isDifference)
    #expect(ranking.comparisons.first { $0.first == "good" && $0.second == "teacher" }?.isDifference == false)
    let json = try JSONSerialization.jsonObject(with: ranking.json()) as? [String: Any]
    let rows = json?["students"] as? [[String: Any]]
    #expect((rows?.first?["accuracy"] as? [String: Any])?["metric"] as? String == "map")
  }

  @Test("A detector's result comes back from its file")
  func files() throws {
    let folder = try TemporaryFolder()
    var result = Self.trials(["good": 0.8], seeds: 1)[0].result
    let path = folder.path + "/result.json"
    try result.write(to: path)
    #expect(try TrialResult.read(path) == result)
    let there = TrialResult.Picture.Thing(label: 0, left: 1, top: 2, right: 30, bottom: 40.5)
    let found = TrialResult.Picture.Thing(
      label: 0, left: 0, top: 2, right: 31, bottom: 40, confidence: 0.75)
    result.pictures = [
      TrialResult.Picture(
        file: "a/1.png", width: 64, height: 48, png: "AAAA", truth: [there], found: [found, found])
    ]
    try result.write(to: path)
    #expect(try TrialResult.read(path) == result)
    func message(_ change: (inout TrialResult.Picture) -> Void) -> String {
      var broken = result
      change(&broken.pictures![0])
      return errorMessage { try broken.validate(path: "result.json") }
    }
    #expect(
      message { $0.truth[0].label = 9 }.contains("pictures[0].truth[0].label: expected one of"))
    #expect(message { $0.found[1].confidence = 1.5 }.contains("pictures[0].found[1].confidence"))
    #expect(message { $0.found[0].left = -1 }.contains("pictures[0].found[0]"))
    #expect(message { $0.width = 0 }.contains("pictures[0].width"))
    #expect(message { $0.png = "?" }.contains("pictures[0].png"))
  }

  /// A defect in a detector's details, with the field that the error must name.
  struct Fault: Sendable, CustomTestStringConvertible {
    let field: String
    let change: @Sendable (inout DetectionDetails) -> Void
    var testDescription: String { field }
  }

  @Test(
    "Details that break their own rules are refused by field",
    arguments: [
      Fault(field: "images") { $0.images = 1 << 53 },
      Fault(field: "images") { $0.images = 0 },
      Fault(field: "map") { $0.map += $0.map > 0.5 ? -0.1 : 0.1 },
      Fault(field: "map") { $0.map = 2 },
      Fault(field: "perClass") { $0.perClass = [] },
      Fault(field: "perClass[0]") { $0.perClass[0] = 0.25 },
      Fault(field: "perClass[1]") { $0.perClass[1] = 0 },
      Fault(field: "classes") { $0.classes.removeLast() },
      Fault(field: "classes[0].images[0]") { $0.classes[0].images[0] = 60 },
      Fault(field: "classes[0].boxImages[59]") { $0.classes[0].boxImages[59] = -1 },
      Fault(field: "classes[0].boxImages") { $0.classes[0].boxImages.swapAt(0, 1) },
      Fault(field: "classes[0].boxCounts") { $0.classes[0].boxCounts.removeLast() },
      Fault(field: "classes[0].boxCounts[3]") { $0.classes[0].boxCounts[3] = .max },
      Fault(field: "classes[0].verdicts") { $0.rule = .coco },
      Fault(field: "classes[0].verdicts[0]") { $0.classes[0].verdicts[0].removeLast() },
      Fault(field: "classes[0].verdicts[0]") { $0.classes[0].boxCounts = Array(repeating: 1, count: 60) },
    ])
  func faults(fault: Fault) throws {
    var details = DetectionDetails(Self.judged(skill: 0.8, seed: 1))
    try details.validate(classes: 2)
    fault.change(&details)
    do throws(FieldProblem) {
      try details.validate(classes: 2)
      Issue.record("it was believed")
    } catch {
      #expect(error.field == fault.field)
    }
  }

  @Test("Detectors that were judged in two ways are not ranked together")
  func rules() {
    var trials = Self.trials(["good": 0.8, "other": 0.7], seeds: 1)
    trials[1].result.accuracy.details = DetectionDetails(
      AveragePrecision(images: 60, classes: Self.judged(skill: 0.7, seed: 3).classes, by: .voc2007))
    let message = errorMessage { _ = try RankingBuilder(run: "r", trials: trials).ranking() }
    #expect(
      message.hasSuffix(
        "accuracy: is judged by mean-average-precision by voc2007, another trial of the run by "
          + "mean-average-precision by voc2010"))
  }

  @Test(
    "Equal detectors are called different in about one of twenty runs, and images that share nothing found to do so"
  )
  func calibration() {
    let runs = 300
    var (different, established) = (0, 0)
    for run in 0..<runs {
      func sample(_ name: String, _ row: UInt64) -> AccuracySample {
        AccuracySample(
          name: name,
          scores: Dictionary(
            uniqueKeysWithValues: (0..<3).map { (seed: UInt64) in
              let number = UInt64(run) * 100 + row * 10 + seed
              return (seed, ImageScores(Self.judged(skill: 0.7, seed: number, images: 80)))
            }))
      }
      let samples = [sample("a", 1), sample("b", 2)]
      let variance = SeedVariance(samples)
      if let difference = samples[0].difference(from: samples[1], variance), difference.pValue < 0.05 {
        different += 1
      }
      if ImageVariance(samples[0].pairs(with: samples[1])).isEstablished { established += 1 }
    }
    // 5 % of 300 runs, within three standard errors of 1.3 points.
    #expect((4...27).contains(different) && (4...27).contains(established), "\(different), \(established)")
  }

  @Test("Trials of two metrics are not ranked together")
  func mixed() {
    let trials =
      Self.trials(["good": 0.8], seeds: 1) + [
        SampleResults.finished(SampleResults.result("other", seed: 0, right: [true, false]))
      ]
    #expect(throws: RunError.self) { try RankingBuilder(run: "r", trials: trials).ranking() }
  }

  /// A mean over images that is presented as a metric of another kind.
  private struct Hidden: Metric {
    static let kind = AveragePrecision.kind
    let base: Top1Accuracy
    var images: Int { base.images }
    var contributions: [Double]? { nil }
    func value(weights: [Int]) -> Double { base.value(weights: weights) }
  }

  @Test("Of a mean, drawing images anew finds the variance that its contributions have")
  func draws() {
    var random = SeededRandom(seed: 3, purpose: "images")
    let hard = (0..<300).map { _ in random.uniform() }
    let seeds = (0..<3).map { _ in Top1Accuracy(hard.map { random.uniform() < 0.4 + 0.6 * $0 }) }
    let direct = ImageVariance(seeds.map { ImageScores($0) })
    let drawn = ImageVariance(seeds.map { ImageScores(Hidden(base: $0)) })
    // A variance from 1,000 draws has an error of 4.5 %, and the noise of three seeds is subtracted.
    #expect(abs(drawn.estimate.variance / direct.estimate.variance - 1) < 0.25)
    #expect(drawn.isEstablished == direct.isEstablished)
    let alone = ImageVariance([ImageScores(Hidden(base: seeds[0]))]).estimate.variance
    #expect(abs(alone / ImageVariance([ImageScores(seeds[0])]).estimate.variance - 1) < 0.15)
  }

  @Test("Where less is better, fewer come first and decisions take the other end of the interval")
  func lessIsBetter() {
    let kind = MetricKind(name: "error", key: "error", isHigherBetter: false, meaning: "the share told wrong")
    #expect(
      kind.isBetter(0.1, than: 0.2) && kind.shortfall(of: 0.1) == 0.1 && kind.gain(of: 0.1, over: 0.3) > 0)
    // The error is 0.02 above the teacher's, at least 0.01 and at most 0.03.
    let worse = Ranking.Row.Difference(mean: 0.02, low: 0, high: 0.04, pValue: 0.01, atLeast: 0.01)
    #expect(worse.gain(on: kind) == -0.02)
    #expect(abs((worse.leastGain(on: kind) ?? 0) + 0.03) < 1e-12)
    #expect(worse.leastGain(on: Top1Accuracy.kind) == 0.01)
    #expect(Words.bound(-0.03, on: kind) == "at most 3.00 points above it")
  }
}
