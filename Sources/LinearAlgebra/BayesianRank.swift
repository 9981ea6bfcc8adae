import Foundation
import Tensors

/// The number of a matrix's singular values that stand out of its noise, and the variance of that noise.
public struct BayesianRank: Sendable, Equatable {
  /// The number of singular values above the threshold; it may be 0.
  public let rank: Int
  /// The variance of the noise of an element.
  public let noiseVariance: Double
}

extension SVD {
  /// The rank by empirical variational Bayesian matrix factorization.
  ///
  /// It has a closed form but for the noise variance, for which the free energy is minimized.
  ///
  /// **Formula**: for L ≤ M, α = L/M, `τ̄ = 2.5129·√α` and `x̄ = (1 + τ̄)(1 + α/τ̄)`, a singular value γ
  /// counts if `γ² > M·σ²·x̄`. With `x = γ²/(M·σ²)` and `τ(x) = (x - 1 - α + √((x - 1 - α)² - 4α))/2`, σ²
  /// minimizes `Σ (x - ln x) + Σ_{x > x̄} (ln(τ + 1) + α·ln(τ/α + 1) - τ)`.
  ///
  /// A matrix without noise has the rank that 32-bit rounding leaves. It takes 300 evaluations of O(values).
  ///
  /// **Paper**: Nakajima, Sugiyama, Babacan, Tomioka, "Global analytic solution of fully-observed variational
  /// Bayesian matrix factorization", 2013, JMLR 14; Nakajima, Tomioka, Sugiyama, Babacan, "Perfect
  /// dimensionality recovery by variational Bayesian PCA", 2012.
  public func bayesianRank() -> BayesianRank {
    let (rows, columns) = (left.shape[0], right.shape[1])
    let evidence = FreeEnergy(values, short: min(rows, columns), long: max(rows, columns))
    guard let evidence else { return BayesianRank(rank: 0, noiseVariance: 0) }
    let variance = evidence.minimizer
    return BayesianRank(rank: evidence.count(above: variance), noiseVariance: variance)
  }
}

/// The free energy of the factorization as a function of the noise variance.
private struct FreeEnergy {
  /// The squared singular values divided by M, none below rounding.
  private let squares: [Double]
  private let alpha: Double
  private let threshold: Double
  private let bounds: ClosedRange<Double>

  /// Prepares the energy of a matrix's singular values; `nil` for a matrix of zeros.
  init?(_ values: [Double], short: Int, long: Int) {
    guard let largest = values.first, largest > 0 else { return nil }
    let ratio = Double(short) / Double(long)
    let tau = 2.5129 * ratio.squareRoot()
    let threshold = (1 + tau) * (1 + ratio / tau)
    // A zero with rounding errors is no evidence of less noise, so values stay above rounding.
    let squares = values.map { value in
      let value = max(value, largest * 1e-6)
      return value * value / Double(long)
    }
    // No more than so many values can stand out, so the next one is noise.
    let next = max(0, min(Int((Double(short) / (1 + ratio)).rounded(.up)) - 1, squares.count - 1))
    let rest = squares[next...]
    let low = max(squares[next] / threshold, rest.reduce(0, +) / Double(rest.count))
    let high = max(low, squares.reduce(0, +) / Double(short))
    (alpha, self.threshold, self.squares, bounds) = (ratio, threshold, squares, low...high)
  }

  /// The number of singular values that count at a variance.
  func count(above variance: Double) -> Int { squares.count { $0 > variance * threshold } }

  private func energy(_ variance: Double) -> Double {
    squares.reduce(0) { sum, square in
      let x = square / variance
      guard x > threshold else { return sum + x - log(x) }
      let rest = x - (1 + alpha)
      let tau = 0.5 * (rest + (rest * rest - 4 * alpha).squareRoot())
      return sum + x - log(x) + log(tau + 1) + alpha * log(tau / alpha + 1) - tau
    }
  }

  /// The variance with the least energy.
  ///
  /// The energy may have several minima, so a grid over the whole range is searched before one is refined.
  var minimizer: Double {
    let steps = 200
    let ratio = pow(bounds.upperBound / bounds.lowerBound, 1 / Double(steps))
    guard ratio > 1, ratio.isFinite else { return bounds.lowerBound }
    let grid = (0...steps).map { min(bounds.lowerBound * pow(ratio, Double($0)), bounds.upperBound) }
    let energies = grid.map(energy)
    let best = energies.indices.min { energies[$0] < energies[$1] } ?? 0
    var (low, high) = (grid[max(best - 1, 0)], grid[min(best + 1, steps)])
    let golden = (5.0.squareRoot() - 1) / 2
    for _ in 0..<50 {
      let (first, second) = (high - golden * (high - low), low + golden * (high - low))
      if energy(first) < energy(second) { high = second } else { low = first }
    }
    return (low + high) / 2
  }
}
