import Foundation
import TestSupport
import Testing

@testable import Runs

/// The expected numbers are from scipy 1.17.1.
///
/// They are `2 * stats.t.sf(t, df)`, `stats.t.ppf(0.975, df)`, `special.betainc(a, b, x)`,
/// `stats.f.sf(F, d1, d2)` and `special.gammaln(x)`.
@Suite("Distributions")
struct StudentTTests {
  /// The relative tolerance.
  private static let tolerance = 1e-10

  private func isClose(_ found: Double, _ expected: Double) -> Bool {
    abs(found - expected) <= Self.tolerance * max(abs(expected), 1e-290)
  }

  @Test(
    "Two-sided p-values are scipy's",
    arguments: [
      (2.0, 3.0, 0.13932596855884305), (-2.0, 3, 0.13932596855884305), (0.5, 1, 0.7048327646991335),
      (1.3, 7.5, 0.23212677881560878), (3.2, 9999, 0.0013785677169385517), (25, 2.2, 0.0009609737370988897),
      (0.001, 5, 0.9992407867721976), (7.0, 40, 1.875466349177602e-08), (0, 4, 1),
    ])
  func pValues(t: Double, degrees: Double, expected: Double) {
    #expect(isClose(StudentT.pValue(t, degreesOfFreedom: degrees), expected))
  }

  @Test(
    "The middle 95 % reach as far as scipy says, and to the digits of the printed tables",
    arguments: [
      (1.0, 12.706204736174694, "12.706"), (2, 4.302652729749462, "4.303"), (3, 3.1824463052837078, "3.182"),
      (4, 2.7764451051977934, "2.776"), (10, 2.228138851986274, "2.228"), (30, 2.0422724563012378, "2.042"),
      (2.5, 3.5746548420036817, "3.575"), (9999, 1.960201263621357, "1.960"),
    ])
  func quantiles(degrees: Double, expected: Double, table: String) {
    let found = StudentT.reach(of: 0.95, degreesOfFreedom: degrees)
    #expect(isClose(found, expected))
    #expect(String(format: "%.3f", found) == table)
  }

  @Test(
    "The incomplete beta function is scipy's",
    arguments: [
      [0.3, 0.5, 0.5, 0.36901011956554536], [0.9, 2, 3, 0.9963], [0.001, 5, 0.5, 2.461963550285712e-16],
      [0.5, 100, 0.5, 6.255662994307364e-32], [0.999, 5000, 0.5, 0.0015615791602892836], [0, 1, 1, 0],
      [1, 2, 3, 1],
    ])
  func incompleteBeta(_ figures: [Double]) {
    #expect(isClose(IncompleteBeta.regularized(figures[0], figures[1], figures[2]), figures[3]))
  }

  @Test(
    "The logarithm of the gamma function is scipy's",
    arguments: [
      (0.5, 0.5723649429247), (2.5, 0.2846828704729192), (10, 12.801827480081469), (33.3, 82.60372358165493),
      (5000.5, 37586.88488728106),
    ])
  func logGamma(x: Double, expected: Double) {
    #expect(abs(IncompleteBeta.logGamma(x) - expected) <= 1e-13 * max(1, expected))
  }

  @Test(
    "The chance of a ratio of variances is scipy's",
    arguments: [
      [6.5, 2, 14, 0.01007743256410957], [1, 3, 3, 0.5], [30, 1, 5, 0.0027649603013049557],
    ])
  func varianceRatio(_ figures: [Double]) {
    let found = VarianceRatio.pValue(figures[0], degreesOfFreedom: figures[1], figures[2])
    #expect(isClose(found, figures[3]))
  }
}
