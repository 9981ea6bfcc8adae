import Foundation

/// The distribution of variances over rows: a scaled inverse χ², fitted so that a few very variable rows do
/// not move it.
///
/// **Formula** a variance on `d` degrees of freedom is `v ~ s² F(d, d₀)` for most rows, and anything above
/// for a share of them: the likelihood of `log v` is a mixture of the two. `s²` and `d₀` are averaged over a
/// grid by that likelihood. `τ = √(2/d₀)`, the spread of the true variances, has a half-normal prior of
/// deviation 0.7, which matters where rows are few. A row that is very variable with probability `π` is
/// shrunk on `d₀' = (1 - π) d₀` degrees of freedom: `ṽ = (d₀' s² + d v) / (d₀' + d)`, on `d₀' + d` degrees of
/// freedom.
///
/// **Paper** Smyth, "Linear models and empirical Bayes methods for assessing differential expression in
/// microarray experiments", Statistical Applications in Genetics and Molecular Biology 3, 2004; Phipson, Lee,
/// Majewski, Alexander, Smyth, "Robust hyperparameter estimation protects against hypervariable genes and
/// improves power to detect differential expression", Annals of Applied Statistics 10, 2016, where outliers
/// are likewise shrunk on fewer degrees of freedom.
struct VariancePrior {
  /// The typical variance, `s²`.
  private(set) var variance = 0.0
  /// The degrees of freedom of the prior, `d₀`.
  private(set) var degreesOfFreedom = 0.0
  /// The probability of each row to be one of the very variable ones.
  private(set) var wildness: [Double]

  private static let wildShare = 0.05
  /// The range of variances of very variable rows, as a natural logarithm: six orders of magnitude.
  private static let wildRange = 6 * log(10.0)
  private static let spreadScale = 0.7
  private static let degrees: [Double] = [
    1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 256, 1e5,
  ]
  private static let scales = (-30...30).map { Double($0) * 3 / 30 }

  /// Fits the prior; it stays empty for two rows or fewer.
  ///
  /// - Parameter rows: variances above zero, or none where the degrees of freedom are zero.
  init(_ rows: [VarianceEstimate]) {
    wildness = rows.map { _ in 0 }
    let known = rows.indices.filter { rows[$0].degreesOfFreedom > 0 }
    // Two rows on the same seeds have one difference, and its variance is all that is known of both.
    guard known.count > 2 else { return }
    let logs = known.map { log(rows[$0].variance) }
    let centre = logs.sorted()[logs.count / 2]
    var weights: [Double] = []
    var wild: [[Double]] = []
    for (index, d0) in Self.degrees.enumerated() {
      let constants = known.map { Self.constant(rows[$0].degreesOfFreedom, d0) }
      for scale in Self.scales {
        var sum = Self.logPrior(index)
        var chances: [Double] = []
        for (position, row) in known.enumerated() {
          let excess = logs[position] - centre - scale
          let d = rows[row].degreesOfFreedom
          let usual =
            constants[position] + d / 2 * excess - (d + d0) / 2 * log1p(d / d0 * exp(min(excess, 500)))
          let odd = Self.logWild(excess)
          let both = Self.logSum(usual + log(1 - Self.wildShare), odd + log(Self.wildShare))
          sum += both
          chances.append(exp(odd + log(Self.wildShare) - both))
        }
        weights.append(sum)
        wild.append(chances)
      }
    }
    average(weights, wild, known, rows, centre)
  }

  private mutating func average(
    _ logWeights: [Double], _ wild: [[Double]], _ known: [Int], _ rows: [VarianceEstimate], _ centre: Double
  ) {
    let most = logWeights.max() ?? 0
    let weights = logWeights.map { exp($0 - most) }
    let total = weights.reduce(0, +)
    var spread = 0.0
    var scale = 0.0
    for (index, weight) in weights.enumerated() {
      spread += weight / total * 2 / Self.degrees[index / Self.scales.count]
      scale += weight / total * exp(Self.scales[index % Self.scales.count])
      for (position, row) in known.enumerated() { wildness[row] += weight / total * wild[index][position] }
    }
    variance = exp(centre) * scale
    // The prior counts for no more than the rows that it was fitted to.
    let learned = known.reduce(0) { $0 + (1 - wildness[$1]) * rows[$1].degreesOfFreedom }
    degreesOfFreedom = min(2 / max(spread, 1e-5), learned)
  }

  /// A row's variance, shrunk toward the prior; the prior itself for a row without one.
  func moderated(_ own: VarianceEstimate, wildness: Double) -> VarianceEstimate {
    let prior = VarianceEstimate(variance: variance, degreesOfFreedom: (1 - wildness) * degreesOfFreedom)
    return .pooled([prior, own])
  }

  /// The logarithm of the normalization of the density of `log(v/s²)`, where `v/s²` has an F distribution.
  private static func constant(_ d: Double, _ d0: Double) -> Double {
    IncompleteBeta.logGamma((d + d0) / 2) - IncompleteBeta.logGamma(d / 2) - IncompleteBeta.logGamma(d0 / 2)
      + d / 2 * log(d / d0)
  }

  /// The logarithm of the density of `log(v/s²)` of a very variable row: uniform over its range, small
  /// elsewhere.
  private static func logWild(_ excess: Double) -> Double {
    -log(wildRange) - (excess > 0 && excess < wildRange + 5 ? 0 : 5)
  }

  /// The logarithm of the prior's mass at a point of the grid of degrees of freedom.
  private static func logPrior(_ index: Int) -> Double {
    let spreads = degrees.map { (2 / $0).squareRoot() }
    let above = index == 0 ? spreads[0] * 1.2 : (spreads[index - 1] + spreads[index]) / 2
    let below = index + 1 < spreads.count ? (spreads[index] + spreads[index + 1]) / 2 : 0
    let ratio = spreads[index] / spreadScale
    return -ratio * ratio / 2 + log(above - below)
  }

  private static func logSum(_ first: Double, _ second: Double) -> Double {
    max(first, second) + log1p(exp(-abs(first - second)))
  }
}
