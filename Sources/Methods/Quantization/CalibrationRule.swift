import Encodings
public import Settings

/// How the range of integers for a value, or for weights, is chosen from the numbers that occur.
public enum CalibrationRule: String, Sendable, SettingChoice {
  /// From the least to the greatest: nothing is clamped.
  case minmax
  /// Without a share of outliers at either end.
  case percentile
  /// The range with the least mean squared error, of clamping and rounding together.
  case mse

  /// Bounds are tried as multiples of 1/64 of the extremes.
  static let steps = 64

  /// The encoding of a value.
  func encoding(of histogram: ValueHistogram, bits: Int, percentile: Double) -> IntegerValue {
    switch self {
    case .minmax: IntegerValue(bits: bits, covering: histogram.minimum...histogram.maximum)
    case .percentile:
      IntegerValue(bits: bits, covering: histogram.range(leavingOut: 1 - percentile / 100))
    case .mse: Self.leastError(histogram, bits: bits)
    }
  }

  /// The encoding of the least squared error among all pairs of bounds; wider ranges win ties.
  private static func leastError(_ histogram: ValueHistogram, bits: Int) -> IntegerValue {
    let (centers, counts) = histogram.occupied
    var projected = centers
    var best = IntegerValue(bits: bits, covering: histogram.minimum...histogram.maximum)
    var leastError = Float.infinity
    for lower in bounds(histogram.minimum) {
      for upper in bounds(histogram.maximum) {
        let encoding = IntegerValue(bits: bits, covering: lower...upper)
        let error = squaredError(encoding, centers, counts, &projected)
        if error < leastError {
          leastError = error
          best = encoding
        }
      }
    }
    return best
  }

  /// An extreme and its smaller multiples, the extreme first; zero alone stays alone.
  private static func bounds(_ extreme: Float) -> [Float] {
    extreme == 0 ? [0] : (1...steps).reversed().map { extreme * Float($0) / Float(steps) }
  }

  private static func squaredError(
    _ encoding: IntegerValue, _ centers: [Float], _ counts: [Float], _ projected: inout [Float]
  ) -> Float {
    var span = projected.mutableSpan
    encoding.project(centers.span, into: &span)
    var sum: Float = 0
    for i in centers.indices {
      let difference = centers[i] - projected[i]
      sum += counts[i] * difference * difference
    }
    return sum
  }
}
