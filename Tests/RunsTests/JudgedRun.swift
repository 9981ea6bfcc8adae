import Foundation
import Tensors
import Testing

@testable import Runs

/// Random runs on 10,000 images and three seeds in which rows judge a fixed share of images differently.
///
/// Rows vary by 0.1 points from seed to seed, and the second row is better than the first by a given
/// difference.
struct JudgedRun: CustomTestStringConvertible {
  var accuracy: Double
  /// The share of images that two rows judge differently.
  var discordance: Double
  var difference: Double
  var rows: Int
  /// True if a tenth of the rows are no better than chance in about half of their seeds.
  var collapse = false

  static let images = 10_000
  static let deviation = 0.001

  var testDescription: String {
    "\(rows) rows, 3 seeds, accuracy \(accuracy), \(discordance) judged differently, \(difference) apart"
      + (collapse ? ", \(rows / 10) collapsing" : "")
  }

  /// The samples of the rows.
  ///
  /// Each image is right in all rows, wrong in all rows, or doubtful. Each row draws the doubtful ones
  /// independently, so two rows differ on half of them.
  func draw(_ number: Int) -> [AccuracySample] {
    var random = SeededRandom(
      seed: 2026, purpose: "judged", rows, Int(accuracy * 1000), collapse ? 1 : 0, number)
    let doubtful = 2 * discordance
    let kinds = (0..<Self.images).map { _ in Double(random.uniform()) }
    return (0..<rows).map { row in
      let better = row == 1 ? difference : 0
      let base = kinds.map { kind -> Double in
        if kind < doubtful { return Double(random.uniform()) < 0.5 + better / doubtful ? 1 : 0 }
        return kind < doubtful + (accuracy - doubtful / 2) ? 1 : 0
      }
      let collapses = collapse && row >= rows - rows / 10
      var scores: [UInt64: ImageScores] = [:]
      for seed in 0..<3 {
        if collapses, random.uniform() < 0.5 {
          scores[UInt64(seed)] = ImageScores(base.map { _ in random.uniform() < 0.1 ? 1 : 0 })
          continue
        }
        var values = base
        // This number of images more or fewer is right.
        var change = Int((Self.deviation * Double(Self.images) * Double(random.normal())).rounded())
        let wanted: Double = change > 0 ? 0 : 1
        while change != 0 {
          let place = Int(Double(random.uniform()) * Double(Self.images)) % Self.images
          guard values[place] == wanted else { continue }
          values[place] = 1 - wanted
          change -= change.signum()
        }
        scores[UInt64(seed)] = ImageScores(values)
      }
      return AccuracySample(name: "row\(row)", scores: scores)
    }
  }
}

extension AccuracySample {
  /// The p-value of a difference by the earlier rule, which pooled all rows.
  func pooledPValue(_ other: AccuracySample, among samples: [AccuracySample]) -> Double {
    let pairs = pairs(with: other)
    guard !pairs.isEmpty else { return 1 }
    let differences = pairs.map(\.mean)
    let pool = PooledSeedVariance(
      Dictionary(samples.map { ($0.name, $0.bySeed) }, uniquingKeysWith: { first, _ in first }))
    let isAlone = pool.alone.contains(name) || pool.alone.contains(other.name)
    let ofOne = isAlone ? VarianceEstimate(of: differences) : 2 * pool.paired
    return MeanEstimate(
      mean: differences.mean, variance: ImageVariance(pairs).added(to: 1 / Double(pairs.count) * ofOne)
    ).pValue
  }
}

/// The results of the draws, appended to the file that `CONDENSE_CALIBRATION` names.
///
/// `Benchmarks/ranking-calibration.sh` makes a table of it.
enum CalibrationRecord {
  private struct Line: Encodable {
    let question: String
    let run: String
    let draws: Int
    let called: Double
    let calledByPooledRule: Double
    let calledAmongCollapsing: Double?
    /// One standard deviation of `called` by chance.
    let monteCarloError: Double
  }

  static func add(
    _ question: String, _ run: String, draws: Int, called: Int, byPooledRule: Int, collapsing: Int?
  ) throws {
    guard let path = ProcessInfo.processInfo.environment["CONDENSE_CALIBRATION"] else { return }
    let rate = Double(called) / Double(draws)
    let line = Line(
      question: question, run: run, draws: draws, called: rate,
      calledByPooledRule: Double(byPooledRule) / Double(draws),
      calledAmongCollapsing: collapsing.map { Double($0) / Double(draws) },
      monteCarloError: ((rate * (1 - rate) / Double(draws)).squareRoot() * 1e5).rounded() / 1e5)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    if !FileManager.default.fileExists(atPath: path) {
      _ = FileManager.default.createFile(atPath: path, contents: nil)
    }
    let file = try FileHandle(forWritingTo: URL(filePath: path))
    try file.seekToEnd()
    try file.write(contentsOf: encoder.encode(line) + Data("\n".utf8))
    try file.close()
  }
}
