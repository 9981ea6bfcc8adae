import TestSupport
import Tensors
import Testing

@testable import Runs

@Suite("Variances")
struct VarianceTests {
  private static let tolerance = 1e-12

  /// The numbers are from `scipy.stats.ttest_ind(a, b, equal_var=False)` of scipy 1.17.1.
  ///
  /// t = -3.739734149747992, p = 0.02379571456298949, df = 3.6411206734091364.
  @Test("Two samples of unequal variance give Welch's t, degrees of freedom and p-value")
  func welch() {
    let first = [0.91, 0.93, 0.90, 0.94]
    let second = [0.95, 0.96, 0.958]
    let variance = VarianceEstimate.sum([
      0.25 * VarianceEstimate(of: first), 1.0 / 3 * VarianceEstimate(of: second),
    ])
    let difference = MeanEstimate(mean: first.mean - second.mean, variance: variance)
    #expect(abs(variance.degreesOfFreedom - 3.6411206734091364) < 1e-10)
    #expect(abs(difference.mean / variance.variance.squareRoot() + 3.739734149747992) < 1e-10)
    #expect(abs(difference.pValue - 0.02379571456298949) < 1e-10)
  }

  /// The numbers are computed by hand.
  ///
  /// Sorted, 0.005, 0.01, 0.03, 0.04, 0.5 times 5, 4, 3, 2, 1 are 0.025, 0.04, 0.09, 0.08, 0.5, and the
  /// fourth is raised to the third.
  @Test("Holm's correction is the one worked by hand, in the order given")
  func holm() {
    let corrected = Holm.corrected([0.01, 0.04, 0.03, 0.005, 0.5])
    for (found, expected) in zip(corrected, [0.04, 0.09, 0.09, 0.025, 0.5]) {
      #expect(abs(found - expected) < Self.tolerance)
    }
    #expect(Holm.corrected([0.7, 0.6]) == [1, 1])
    #expect(Holm.corrected([]).isEmpty)
  }

  /// The numbers are from `numpy.linalg.lstsq` of numpy 2.4.6 on the indicator columns of rows and seeds.
  ///
  /// The residual sum over 3 degrees of freedom is 8.888888888888883e-05. With an infinite cut all weights
  /// are equal.
  @Test("Rows that lack seeds are fitted as least squares does, and share its degrees of freedom")
  func unbalancedFit() {
    let fit = RobustSeedFit(
      [
        [0: 0.90, 1: 0.93, 2: 0.91], [0: 0.92, 1: 0.94, 2: 0.95], [0: 0.80, 2: 0.83], [1: 0.70, 3: 0.75],
      ], cut: .infinity)
    #expect(abs(fit.noise.reduce(0) { $0 + $1.degreesOfFreedom } - 3) < Self.tolerance)
    let squares = fit.noise.reduce(0) { $0 + $1.variance * $1.degreesOfFreedom }
    #expect(abs(squares / 3 - 8.888888888888883e-05) < Self.tolerance)
  }

  @Test("Two rows on the same seeds give the paired t test")
  func pairedT() {
    let variance = SeedVariance(
      ["a": [0: 0.90, 1: 0.95, 2: 0.91], "b": [0: 0.88, 1: 0.92, 2: 0.92]], resolution: 0.001)
    let differences = VarianceEstimate(of: [0.02, 0.03, -0.01])
    let found = variance.ofDifference("a", "b", seeds: 3)
    #expect(abs(found.degreesOfFreedom - 2) < 1e-9)
    #expect(abs(3 * found.variance - differences.variance) < Self.tolerance)
  }

  @Test("Rows that share no seed have nothing in common that could be taken off")
  func islands() {
    let fit = RobustSeedFit([[0: 0.9, 1: 0.92], [0: 0.8, 1: 0.86], [5: 0.7, 6: 0.71], [5: 0.7, 6: 0.75]])
    #expect(abs(fit.noise.reduce(0) { $0 + $1.degreesOfFreedom } - 2) < Self.tolerance)
    // The noise of each island is that of its paired differences, both 0.04: Σ d²/4 over one degree of
    // freedom each.
    for row in fit.noise { #expect(abs(row.variance - 0.0004) < Self.tolerance) }
  }

  @Test("A row that collapses in one seed is judged by its own seeds, and moves no other row's variance")
  func unsteadyRow() {
    let steady: SeedVariance.Row = [0: 0.900, 1: 0.902, 2: 0.899]
    var rows: [String: SeedVariance.Row] = [:]
    for (name, noise) in [
      ("a", [0.001, 0, -0.001]), ("b", [0, -0.002, 0.001]), ("c", [-0.001, 0.001, 0]), ("d", [0.002, 0, 0]),
      ("e", [0, 0.001, 0.001]), ("f", [-0.002, 0, 0.001]),
    ] {
      rows[name] = steady.reduce(into: [:]) { $0[$1.key] = $1.value + noise[Int($1.key)] }
    }
    let alone = SeedVariance(rows, resolution: 0.0001)
    rows["wild"] = [0: 0.90, 1: 0.1, 2: 0.91]
    let beside = SeedVariance(rows, resolution: 0.0001)
    #expect(alone.wild.isEmpty && beside.wild == ["wild"])
    let (before, after) = (alone.ofDifference("a", "b", seeds: 3), beside.ofDifference("a", "b", seeds: 3))
    #expect(after.variance < 1.2 * before.variance && after.variance > before.variance / 1.2)
    let wild = beside.ofDifference("wild", "a", seeds: 3)
    #expect(wild.degreesOfFreedom < 2.1)
    #expect(wild.variance.squareRoot() > 0.2)
  }

  @Test(
    "The prior is that of the draws: its variance, many degrees of freedom for rows alike, few for rows that are not"
  )
  func prior() {
    func rows(_ degrees: Double?, _ count: Int) -> [VarianceEstimate] {
      var random = SeededRandom(seed: 7, purpose: "prior")
      func chiSquare(_ degrees: Int) -> Double {
        (0..<degrees).reduce(0.0) { sum, _ in
          let draw = Double(random.normal())
          return sum + draw * draw
        }
      }
      return (0..<count).map { _ in
        let truth = degrees.map { 4 * $0 / chiSquare(Int($0)) } ?? 4
        return VarianceEstimate(variance: truth * chiSquare(4) / 4, degreesOfFreedom: 4)
      }
    }
    let alike = VariancePrior(rows(nil, 400))
    #expect((3.6...4.4).contains(alike.variance), "\(alike.variance)")
    #expect(alike.degreesOfFreedom > 30, "\(alike.degreesOfFreedom)")
    let spread = VariancePrior(rows(4, 400))
    #expect((3.2...4.8).contains(spread.variance), "\(spread.variance)")
    #expect((2.5...7).contains(spread.degreesOfFreedom), "\(spread.degreesOfFreedom)")
  }

  @Test("Equal accuracies, one row, one seed or none give no variance that is no number")
  func degenerate() {
    let same: SeedVariance.Row = [0: 1, 1: 1, 2: 1]
    for rows in [
      [:], ["a": [:]], ["a": same], ["a": [0: 0.5]], ["a": same, "b": same],
      ["a": same, "b": same, "c": same],
      ["a": same, "b": [7: 0.1]], ["a": [0: 0], "b": [0: 1], "c": [1: 0.5]],
      ["a": same, "b": same, "c": [0: 0]],
    ] as [[String: SeedVariance.Row]] {
      let variance = SeedVariance(rows, resolution: 1)
      for first in rows.keys {
        let estimates =
          [variance.ofMean(first, seeds: 3)] + rows.keys.map { variance.ofDifference(first, $0, seeds: 1) }
        for estimate in estimates {
          #expect(estimate.variance.isFinite && estimate.variance >= 0, "\(rows)")
          #expect(estimate.degreesOfFreedom.isFinite && estimate.degreesOfFreedom >= 0, "\(rows)")
        }
      }
    }
  }

  /// The numbers are from numpy 2.4.6.
  ///
  /// The mean squares of images are 1.119047619047619, those of the interaction 0.1904761904761905. Their
  /// difference over 24 scores is 0.03869047619047619; for one seed alone the variance is 0.0625.
  @Test("What images add is the analysis of variance's")
  func images() {
    let seeds = [[1, 0, 0, -1, 1, 0, 0, 1], [1, 0, 1, -1, 0, 0, 0, 1], [0, 0, 0, -1, 1, 0, 1, 1]].map { row in
      ImageScores(row.map { Double($0) })
    }
    let crossed = ImageVariance(seeds).estimate
    #expect(abs(crossed.variance - 0.03869047619047619) < Self.tolerance)
    #expect(crossed.degreesOfFreedom == 7)
    #expect(abs(ImageVariance([seeds[0]]).estimate.variance - 0.0625) < Self.tolerance)
    #expect(ImageVariance([ImageScores([1])]).estimate == .none)
  }
}
