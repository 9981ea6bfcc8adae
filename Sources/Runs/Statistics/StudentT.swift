/// Student's t distribution, for any positive degrees of freedom.
enum StudentT {
  /// The two-sided p-value: the chance of a value at least as far from zero as `t`.
  ///
  /// **Formula** `I_{ν/(ν+t²)}(ν/2, 1/2)`.
  static func pValue(_ t: Double, degreesOfFreedom: Double) -> Double {
    guard t.isFinite else { return 0 }
    return IncompleteBeta.regularized(
      degreesOfFreedom / (degreesOfFreedom + t * t), degreesOfFreedom / 2, 0.5)
  }

  /// The half-width of the central interval that holds a share of the distribution.
  ///
  /// A share of 0.95 gives 1.96 for many degrees of freedom.
  static func reach(of share: Double, degreesOfFreedom: Double) -> Double {
    precondition(share > 0 && share < 1 && degreesOfFreedom > 0)
    var low = 0.0
    var high = 1.0
    while pValue(high, degreesOfFreedom: degreesOfFreedom) > 1 - share, high < 1e300 { high *= 2 }
    // Bisection ends when the two ends are neighbouring floating-point numbers.
    while true {
      let middle = low + (high - low) / 2
      guard middle > low, middle < high else { return high }
      if pValue(middle, degreesOfFreedom: degreesOfFreedom) > 1 - share {
        low = middle
      } else {
        high = middle
      }
    }
  }
}
