import TestSupport
import Testing

@testable import Runs

@Suite("Variances")
struct VarianceTests {
  private static let tolerance = 1e-12

  /// `scipy.stats.ttest_ind(a, b, equal_var=False)` of scipy 1.17.1: t = -3.739734149747992, p = 0.02379571456298949,
  /// df = 3.6411206734091364.
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

  /// Worked by hand: sorted 0.005, 0.01, 0.03, 0.04, 0.5 times 5, 4, 3, 2, 1 gives 0.025, 0.04, 0.09, 0.08, 0.5, and
  /// the fourth is lifted to the third.
  @Test("Holm's correction is the one worked by hand, in the order given")
  func holm() {
    let corrected = Holm.corrected([0.01, 0.04, 0.03, 0.005, 0.5])
    for (found, expected) in zip(corrected, [0.04, 0.09, 0.09, 0.025, 0.5]) {
      #expect(abs(found - expected) < Self.tolerance)
    }
    #expect(Holm.corrected([0.7, 0.6]) == [1, 1])
    #expect(Holm.corrected([]).isEmpty)
  }

  /// `numpy.linalg.lstsq` on the indicator columns of rows and seeds, numpy 2.4.6: residual sum over 3 degrees of freedom
  /// 8.888888888888883e-05.
  @Test("Rows that lack seeds are fitted as least squares does")
  func unbalancedFit() {
    let fit = AdditiveFit([
      [0: 0.90, 1: 0.93, 2: 0.91], [0: 0.92, 1: 0.94, 2: 0.95], [0: 0.80, 2: 0.83], [1: 0.70, 3: 0.75],
    ])
    #expect(fit.noise.degreesOfFreedom == 3)
    #expect(abs(fit.noise.variance - 8.888888888888883e-05) < Self.tolerance)
  }

  @Test("Two rows on the same seeds give the paired t test's variance: half that of the differences")
  func pairedPool() {
    let variance = SeedVariance(["a": [0: 0.90, 1: 0.95, 2: 0.91], "b": [0: 0.88, 1: 0.92, 2: 0.92]])
    let differences = VarianceEstimate(of: [0.02, 0.03, -0.01])
    #expect(variance.paired.degreesOfFreedom == 2)
    #expect(abs(2 * variance.paired.variance - differences.variance) < Self.tolerance)
  }

  @Test("Rows that share no seed have nothing in common that could be taken off")
  func islands() {
    let fit = AdditiveFit([[0: 0.9, 1: 0.92], [0: 0.8, 1: 0.86], [5: 0.7, 6: 0.71], [5: 0.7, 6: 0.75]])
    #expect(fit.noise.degreesOfFreedom == 2)
    // Each island's noise is that of its paired differences, 0.04 and 0.04 apart: Σ d²/4 over one degree each.
    #expect(abs(fit.noise.variance - 0.0004) < Self.tolerance)
  }

  @Test("A row that varies far more than the others is judged alone")
  func unsteadyRow() {
    let steady: SeedVariance.Row = [0: 0.90, 1: 0.902, 2: 0.899, 3: 0.901]
    let rows = [
      "a": steady, "b": steady.mapValues { $0 - 0.1 + ($0 - 0.9) * 0.5 },
      "wild": [0: 0.3, 1: 0.8, 2: 0.5, 3: 0.9],
    ]
    let variance = SeedVariance(rows)
    #expect(variance.alone == ["wild"])
    #expect(variance.single.variance < 1e-4)
  }

  /// numpy 2.4.6: mean squares of images 1.119047619047619 and of the interaction 0.1904761904761905; their difference over
  /// 24 scores 0.03869047619047619; one seed alone 0.0625.
  @Test("What images add is the analysis of variance's")
  func images() {
    let seeds = [[1, 0, 0, -1, 1, 0, 0, 1], [1, 0, 1, -1, 0, 0, 0, 1], [0, 0, 0, -1, 1, 0, 1, 1]].map { row in
      ImageScores(row.map { Int8($0) })
    }
    let crossed = ImageVariance(seeds).estimate
    #expect(abs(crossed.variance - 0.03869047619047619) < Self.tolerance)
    #expect(crossed.degreesOfFreedom == 7)
    #expect(abs(ImageVariance([seeds[0]]).estimate.variance - 0.0625) < Self.tolerance)
    #expect(ImageVariance([ImageScores([1])]).estimate == .none)
  }

  @Test("Bits are read least significant first, over bytes")
  func bits() {
    let scores = ImageScores(bits: [0b0000_0101, 0b10], images: 10)
    #expect(scores.values == [1, 0, 1, 0, 0, 0, 0, 0, 0, 1])
    #expect(scores.mean == 0.3)
  }
}
