import Encodings
import Foundation
public import Settings

/// The rule by which an integer range is chosen from the numbers that occur.
public enum CalibrationRule: String, Sendable, SettingChoice {
  /// From the least number to the greatest, so that nothing is clamped.
  case minmax
  /// The extremes of batches of images, averaged with a momentum of 0.9.
  case movingAverage = "moving-average"
  /// The range without a share of outliers at either end.
  case percentile
  /// The range with the least mean squared error of clamping and rounding together.
  case mse
  /// The range with the least Kullback-Leibler divergence of the rounded numbers from the numbers.
  case entropy

  /// The number of bounds that are tried: multiples of 1/64 of the extremes.
  static let steps = 64

  /// The encoding of a value; with `symmetric` its zero point is 0.
  func encoding(
    of observed: ObservedValues, bits: Int, percentile: Double, symmetric: Bool
  ) -> IntegerValue {
    let grid = Grid(bits: bits, symmetric: symmetric)
    let histogram = observed.histogram
    return switch self {
    case .minmax: grid.covering(histogram.minimum...histogram.maximum)
    case .movingAverage: grid.covering(observed.movingRange)
    case .percentile: grid.covering(histogram.range(leavingOut: 1 - percentile / 100))
    case .mse: Self.leastError(histogram, grid)
    case .entropy: Self.leastDivergence(histogram, grid)
    }
  }

  /// The grids from which a rule chooses.
  private struct Grid {
    let bits: Int
    let symmetric: Bool

    /// The finest grid that reaches both bounds.
    func covering(_ range: ClosedRange<Float>) -> IntegerValue {
      guard symmetric else { return IntegerValue(bits: bits, covering: range) }
      let scale = max(-range.lowerBound, range.upperBound) / Float(Integer.limit(bits: bits))
      // A value that is always zero fits any scale.
      return IntegerValue(bits: bits, scale: scale >= .leastNormalMagnitude ? scale : 1, zeroPoint: 0)
    }
  }

  /// The encoding of the least squared error among all pairs of bounds; of equal errors the wider range.
  private static func leastError(_ histogram: ValueHistogram, _ grid: Grid) -> IntegerValue {
    let (centers, counts) = histogram.occupied
    var projected = centers
    var best = grid.covering(histogram.minimum...histogram.maximum)
    var leastError = Float.infinity
    let largest = max(-histogram.minimum, histogram.maximum)
    for lower in grid.symmetric ? [0] : bounds(histogram.minimum) {
      for upper in bounds(grid.symmetric ? largest : histogram.maximum) {
        let encoding = grid.covering(lower...upper)
        let error = squaredError(encoding, centers, counts, &projected)
        if error < leastError {
          leastError = error
          best = encoding
        }
      }
    }
    return best
  }

  /// An extreme and its smaller multiples, the extreme first; zero stays alone.
  private static func bounds(_ extreme: Float) -> [Float] {
    extreme == 0 ? [0] : (1...steps).reversed().map { extreme * Float($0) / Float(steps) }
  }

  /// The squared error of an encoding over a histogram's bins.
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

  /// The encoding of the least divergence, with both bounds at the same multiple of their extremes.
  ///
  /// Of equal divergences the wider range is taken.
  private static func leastDivergence(_ histogram: ValueHistogram, _ grid: Grid) -> IntegerValue {
    let (centers, counts) = histogram.occupied
    var best = grid.covering(histogram.minimum...histogram.maximum)
    var least = Double.infinity
    for step in (1...steps).reversed() {
      let share = Float(step) / Float(steps)
      let encoding = grid.covering(histogram.minimum * share...histogram.maximum * share)
      let divergence = divergence(encoding, centers, counts.map(Double.init))
      if divergence < least {
        least = divergence
        best = encoding
      }
    }
    return best
  }

  /// The divergence `Σ p · ln(p/q)` of an encoding.
  ///
  /// p counts the numbers, with those beyond the range in its outermost bins. q spreads the count of each
  /// level evenly over the level's bins, without the numbers beyond.
  private static func divergence(
    _ encoding: IntegerValue, _ centers: [Float], _ counts: [Double]
  ) -> Double {
    let inside = centers.indices.filter { encoding.range.contains(centers[$0]) }
    guard let first = inside.first, let last = inside.last else { return .infinity }
    var reference = counts
    reference[first] += counts[..<first].reduce(0, +)
    reference[last] += counts[(last + 1)...].reduce(0, +)
    let (total, within) = (counts.reduce(0, +), counts[first...last].reduce(0, +))
    var sum = 0.0
    var start = first
    while start <= last {
      let level = encoding.integer(centers[start])
      var end = start
      while end <= last, encoding.integer(centers[end]) == level { end += 1 }
      let spread = counts[start..<end].reduce(0, +) / Double(end - start) / within
      for bin in start..<end {
        let share = reference[bin] / total
        sum += share * log(share / spread)
      }
      start = end
    }
    return sum
  }
}
