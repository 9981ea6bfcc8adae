import Foundation
import Tensors
import Testing

@testable import Runs

/// Runs drawn by chance: images differ in difficulty, seeds lift all rows, each trial has noise of its own.
struct DrawnRun {
  var rows: Int
  var seeds: Int
  var images: Int
  /// Deviations in logits: of a seed's lift, of one trial, of what a method finds hard that others do not.
  var lift: Double
  var noise: Double
  var taste: Double
  /// Logits that each row after the second is worse than the one before.
  var step = 0.0
  static let easy = 2.0
  static let difficulty = 1.5

  /// The rows' samples; images, seeds and trials are drawn anew for each number.
  func draw(_ number: Int) -> [AccuracySample] {
    var random = SeededRandom(seed: 2026, purpose: "calibration", rows, seeds, images, number)
    let difficulties = (0..<images).map { _ in Self.easy + Self.difficulty * Double(random.normal()) }
    let lifts = (0..<seeds).map { _ in lift * Double(random.normal()) }
    return (0..<rows).map { row in
      let shift = -step * Double(max(0, row - 1))
      let logits = difficulties.map { taste == 0 ? $0 : $0 + taste * Double(random.normal()) }
      let scores = lifts.enumerated().map { seed, lift in
        let offset = shift + lift + noise * Double(random.normal())
        return (
          UInt64(seed),
          ImageScores(logits.map { Double(random.uniform()) < Self.sigmoid($0 + offset) ? 1 : 0 })
        )
      }
      return AccuracySample(name: "row\(row)", scores: Dictionary(uniqueKeysWithValues: scores))
    }
  }

  static func sigmoid(_ logit: Double) -> Double { 1 / (1 + exp(-logit)) }

  /// The accuracy of the first row over all images, seeds and trials that could be drawn.
  var expectedAccuracy: Double {
    let deviation = (Self.difficulty * Self.difficulty + taste * taste + lift * lift + noise * noise)
      .squareRoot()
    let points = (-800...800).map { Double($0) / 100 }
    let weights = points.map { exp(-$0 * $0 / 2) }
    let sum = zip(points, weights).reduce(0) { $0 + $1.1 * Self.sigmoid(Self.easy + deviation * $1.0) }
    return sum / weights.reduce(0, +)
  }
}

extension DrawnRun: CustomTestStringConvertible {
  var testDescription: String {
    "\(rows) rows, \(seeds) seeds, \(images) images, lift \(lift), noise \(noise), taste \(taste)"
  }
}

@Suite("Calibration")
struct CalibrationTests {
  private static let draws = 1000
  /// 3 to 7 % at a level of 5 %.
  private static let calibrated = 30...70

  private func variance(_ samples: [AccuracySample]) -> SeedVariance {
    SeedVariance(Dictionary(uniqueKeysWithValues: samples.map { ($0.name, $0.bySeed) }))
  }

  private func count(_ run: DrawnRun, _ isTrue: ([AccuracySample], SeedVariance) -> Bool) -> Int {
    (0..<Self.draws).count { number in
      let samples = run.draw(number)
      return isTrue(samples, variance(samples))
    }
  }

  @Test(
    "The same method under other seeds is called different in 3 to 7 % of 1,000 draws",
    arguments: [
      DrawnRun(rows: 3, seeds: 2, images: 400, lift: 0.1, noise: 0.1, taste: 0),
      DrawnRun(rows: 5, seeds: 3, images: 400, lift: 0, noise: 0, taste: 0, step: 0.1),
      DrawnRun(rows: 4, seeds: 3, images: 500, lift: 0.3, noise: 0.1, taste: 0, step: 0.1),
      DrawnRun(rows: 6, seeds: 4, images: 300, lift: 0.1, noise: 0.2, taste: 0),
      DrawnRun(rows: 4, seeds: 5, images: 400, lift: 0.1, noise: 0.1, taste: 0, step: 0.2),
      DrawnRun(rows: 2, seeds: 3, images: 400, lift: 0.2, noise: 0.1, taste: 0),
    ])
  func sameMethod(run: DrawnRun) {
    let different = count(run) { samples, variance in
      (samples[0].difference(from: samples[1], variance)?.pValue ?? 1) < 0.05
    }
    #expect(Self.calibrated.contains(different), "\(different) of \(Self.draws)")
  }

  @Test(
    "Methods that are equally good on all images there are, and differ on those drawn, are called different as rarely"
  )
  func equalMethods() {
    let run = DrawnRun(rows: 4, seeds: 4, images: 300, lift: 0.1, noise: 0.1, taste: 1.5)
    var withoutImages = 0
    let different = count(run) { samples, variance in
      guard let difference = samples[0].difference(from: samples[1], variance) else { return true }
      let seedsAlone = MeanEstimate(mean: difference.mean, variance: 0.5 * variance.paired)
      if seedsAlone.pValue < 0.05 { withoutImages += 1 }
      return difference.pValue < 0.05
    }
    #expect(Self.calibrated.contains(different), "\(different) of \(Self.draws)")
    // Or else the images would not matter here and the test would show nothing.
    #expect(withoutImages > 100, "\(withoutImages) by seeds alone")
  }

  @Test("A method that is worse by three points is told apart most of the time")
  func power() {
    let run = DrawnRun(rows: 4, seeds: 4, images: 2000, lift: 0.1, noise: 0.05, taste: 0.5, step: 0.35)
    let different = (0..<100).count { number in
      let samples = run.draw(number)
      return (samples[1].difference(from: samples[2], variance(samples))?.pValue ?? 1) < 0.05
    }
    #expect(different > 80, "\(different) of 100")
  }

  /// Satterthwaite's degrees of freedom are known to be a little too many where a part of two degrees, such as the lift of three
  /// seeds, makes up much of the variance.
  @Test(
    "A row's 95 % interval holds its accuracy on all images and seeds in 92 to 98 % of 1,000 draws",
    arguments: [
      DrawnRun(rows: 5, seeds: 3, images: 300, lift: 0.3, noise: 0.1, taste: 0.5),
      DrawnRun(rows: 5, seeds: 4, images: 300, lift: 0.0, noise: 0.1, taste: 0.5),
      DrawnRun(rows: 2, seeds: 5, images: 300, lift: 0.2, noise: 0.2, taste: 0),
    ])
  func coverage(run: DrawnRun) {
    let truth = run.expectedAccuracy
    let held = count(run) { samples, variance in
      let estimate = samples[0].estimate(variance)
      return abs(estimate.mean - truth) <= estimate.reach
    }
    #expect((920...980).contains(held), "\(held) of \(Self.draws)")
  }
}
