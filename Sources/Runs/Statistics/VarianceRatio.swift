/// The ratio of two variances of normal samples: Fisher's F distribution.
enum VarianceRatio {
  /// The chance that two variances of equal expectation have a ratio of at least `ratio`.
  ///
  /// **Formula** `I_{d₂/(d₂+d₁F)}(d₂/2, d₁/2)`.
  static func pValue(_ ratio: Double, degreesOfFreedom first: Double, _ second: Double) -> Double {
    guard ratio.isFinite else { return 0 }
    return IncompleteBeta.regularized(second / (second + first * ratio), second / 2, first / 2)
  }
}
