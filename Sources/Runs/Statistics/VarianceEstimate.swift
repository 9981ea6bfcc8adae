/// An estimated variance with its degrees of freedom.
struct VarianceEstimate: Equatable {
  var variance: Double
  var degreesOfFreedom: Double

  /// No variance: a part that does not vary.
  static let none = VarianceEstimate(variance: 0, degreesOfFreedom: 0)

  /// The variance of a sample about its mean; `none` for fewer than two values.
  init(of values: [Double]) {
    self = Self.none
    guard values.count > 1 else { return }
    let mean = values.reduce(0, +) / Double(values.count)
    degreesOfFreedom = Double(values.count - 1)
    variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / degreesOfFreedom
  }

  init(variance: Double, degreesOfFreedom: Double) {
    self.variance = variance
    self.degreesOfFreedom = degreesOfFreedom
  }

  /// Joins estimates of one variance: their mean, weighted by degrees of freedom.
  static func pooled(_ parts: [VarianceEstimate]) -> VarianceEstimate {
    let degrees = parts.reduce(0) { $0 + $1.degreesOfFreedom }
    guard degrees > 0 else { return none }
    let sum = parts.reduce(0) { $0 + $1.variance * $1.degreesOfFreedom }
    return VarianceEstimate(variance: sum / degrees, degreesOfFreedom: degrees)
  }

  /// The variance of a sum of independent parts, each with its own estimate.
  ///
  /// **Formula** `V = Σ vᵢ`, `ν = V² / Σ (vᵢ² / νᵢ)`.
  ///
  /// **Paper** Satterthwaite, "An approximate distribution of estimates of variance components", Biometrics
  /// 2, 1946; Welch, "The generalization of Student's problem when several different population variances are
  /// involved", Biometrika 34, 1947.
  static func sum(_ parts: [VarianceEstimate]) -> VarianceEstimate {
    let parts = parts.filter { $0.degreesOfFreedom > 0 }
    let total = parts.reduce(0) { $0 + $1.variance }
    guard total > 0 else {
      return VarianceEstimate(variance: 0, degreesOfFreedom: parts.map(\.degreesOfFreedom).max() ?? 0)
    }
    // Shares of the total are squared, as the square of a small variance may underflow.
    let shares = parts.reduce(0) { $0 + ($1.variance / total) * ($1.variance / total) / $1.degreesOfFreedom }
    return VarianceEstimate(variance: total, degreesOfFreedom: 1 / shares)
  }

  static func * (factor: Double, estimate: VarianceEstimate) -> VarianceEstimate {
    VarianceEstimate(variance: factor * estimate.variance, degreesOfFreedom: estimate.degreesOfFreedom)
  }
}
