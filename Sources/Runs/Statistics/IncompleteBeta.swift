import Foundation

/// The regularized incomplete beta function, from which Student's t and Fisher's F distributions follow.
enum IncompleteBeta {
  /// The cumulative distribution function of the beta distribution at `x`.
  ///
  /// **Formula** `I_x(a, b) = ∫₀ˣ t^(a-1) (1-t)^(b-1) dt / B(a, b)`, by its continued fraction with Lentz's
  /// forward evaluation. The fraction converges fast for `x` below the mean; above it the symmetry
  /// `I_x(a, b) = 1 - I_{1-x}(b, a)` is used.
  ///
  /// **Paper** DLMF 8.17.22; Lentz, "Generating Bessel functions in Mie scattering calculations using
  /// continued fractions", Applied Optics 15, 1976.
  static func regularized(_ x: Double, _ a: Double, _ b: Double) -> Double {
    precondition(a > 0 && b > 0 && !x.isNaN, "the incomplete beta function of \(x), \(a), \(b)")
    guard x > 0 else { return 0 }
    guard x < 1 else { return 1 }
    let logFactor =
      a * log(x) + b * log1p(-x) + logGamma(a + b) - logGamma(a) - logGamma(b)
    if x < (a + 1) / (a + b + 2) {
      return exp(logFactor) * continuedFraction(x, a, b) / a
    }
    return 1 - exp(logFactor) * continuedFraction(1 - x, b, a) / b
  }

  private static let tiny = 1e-300
  private static let steps = 10_000

  private static func continuedFraction(_ x: Double, _ a: Double, _ b: Double) -> Double {
    var numerator = 1.0
    var denominator = 1 / away(1 - (a + b) * x / (a + 1))
    var value = denominator
    for step in 1...steps {
      let m = Double(step)
      let even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
      let odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
      var change = 1.0
      for coefficient in [even, odd] {
        denominator = 1 / away(1 + coefficient * denominator)
        numerator = away(1 + coefficient / numerator)
        change = numerator * denominator
        value *= change
      }
      if abs(change - 1) < 1e-15 { break }
    }
    return value
  }

  /// The value, or a tiny number in place of one near zero, as it is divided by.
  private static func away(_ value: Double) -> Double { abs(value) < tiny ? tiny : value }

  /// The logarithm of the gamma function of a positive number.
  ///
  /// **Formula** Stirling's series from 10 on, reached by `Γ(x) = Γ(x+1) / x` (DLMF 5.11.1).
  static func logGamma(_ x: Double) -> Double {
    var x = x
    var product = 1.0
    while x < 10 {
      product *= x
      x += 1
    }
    let inverse = 1 / (x * x)
    let inverses: [Double] = [12, -360, 1260, -1680, 1188, -360_360.0 / 691, 156]
    let series = inverses.reversed().reduce(0.0) { $0 * inverse + 1 / $1 } / x
    let stirling: Double = (x - 0.5) * log(x) - x + 0.5 * log(2 * Double.pi)
    return stirling + series - log(product)
  }
}
