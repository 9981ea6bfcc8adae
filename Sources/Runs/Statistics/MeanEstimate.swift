/// A mean with its uncertainty.
struct MeanEstimate: Equatable {
  var mean: Double
  /// Of the mean.
  var variance: VarianceEstimate

  /// What of 100 such intervals hold the true value.
  static let share = 0.95

  /// How far the 95 % interval reaches on either side.
  var reach: Double {
    guard variance.variance > 0, variance.degreesOfFreedom > 0 else { return 0 }
    return StudentT.reach(of: Self.share, degreesOfFreedom: variance.degreesOfFreedom)
      * variance.variance.squareRoot()
  }

  /// What the true value exceeds with 95 % confidence: one-sided, so 90 % of it lies within as far on both sides.
  var lowerBound: Double {
    guard variance.variance > 0, variance.degreesOfFreedom > 0 else { return mean }
    return mean - StudentT.reach(of: 2 * Self.share - 1, degreesOfFreedom: variance.degreesOfFreedom)
      * variance.variance.squareRoot()
  }

  /// The chance of a mean at least as far from zero if the true one is zero.
  var pValue: Double {
    guard mean != 0 else { return 1 }
    guard variance.variance > 0, variance.degreesOfFreedom > 0 else { return 0 }
    return StudentT.pValue(
      mean / variance.variance.squareRoot(), degreesOfFreedom: variance.degreesOfFreedom)
  }
}
