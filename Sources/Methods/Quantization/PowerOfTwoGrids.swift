import Encodings
import Graphs
import Tensors

extension IntegerValue {
  /// A grid next to this one whose scale is a power of two: dynamic fixed point, with a zero point.
  ///
  /// The coarser candidate starts at the same least number as this grid and reaches further. So the value of
  /// most black pixels and rectified numbers stays the least integer, which kernels may skip. The finer
  /// candidate clamps more, in equal shares above and below zero; it is taken only if `clamps` allows it and
  /// its squared error is smaller. A symmetric grid keeps the zero point 0.
  func onPowerOfTwo(_ histogram: ValueHistogram, clamps: Bool, symmetric: Bool = false) -> IntegerValue {
    guard scale.significand > 1 else { return self }
    let exponent = max(Int(scale.exponent), -126)
    let below = zeroPoint - integers.lowerBound
    func grid(_ exponent: Int, below: Float) -> IntegerValue {
      IntegerValue(
        bits: bits, scale: Float(sign: .plus, exponent: exponent, significand: 1),
        zeroPoint: symmetric ? 0 : integers.lowerBound + Int(below.rounded(.toNearestOrEven)))
    }
    let coarse = grid(exponent + 1, below: Float(below) * scale.significand / 2)
    guard clamps else { return coarse }
    let fine = grid(exponent, below: Float(below))
    return fine.squaredError(histogram) < coarse.squaredError(histogram) ? fine : coarse
  }

  /// The squared error over a histogram's bins.
  private func squaredError(_ histogram: ValueHistogram) -> Double {
    let (centers, counts) = histogram.occupied
    var projected = centers
    var span = projected.mutableSpan
    project(centers.span, into: &span)
    return centers.indices.reduce(0) { sum, i in
      let difference = Double(centers[i] - projected[i])
      return sum + Double(counts[i]) * difference * difference
    }
  }
}

extension PowersOfTwo {
  /// The number of exponents below the one that reaches the largest weight that are tried.
  private static let tries = 8

  /// Chooses the exponents of the least squared error, one for each output channel or one for all.
  ///
  /// No scale is below its floor. `nil` if weights are not finite or no exponent is large enough.
  init?(
    levels: LevelSet, rounding: LevelRounding, of weight: Tensor, floors: [Float], perChannel: Bool
  ) {
    guard weight.values.allSatisfy(\.isFinite) else { return nil }
    let channels = perChannel ? weight.shape[0] : 1
    let width = weight.values.count / max(channels, 1)
    let whole = Self.exponent(reaching: weight.values[...], levels) ?? 0
    var exponents: [Int] = []
    for channel in 0..<channels {
      let row = weight.values[(channel * width)..<((channel + 1) * width)]
      let top = Self.exponent(reaching: row, levels) ?? whole
      let floor = perChannel ? floors[channel] : floors.max() ?? 0
      let least = floor > 0 ? Int(floor.nextDown.exponent) + 1 : Self.exponentRange.lowerBound
      let best = Self.leastError(Array(row), levels, rounding, below: top)
      let exponent = max(best, least)
      guard exponent <= Self.exponentRange.upperBound else { return nil }
      exponents.append(max(exponent, Self.exponentRange.lowerBound))
    }
    self.init(levels: levels, rounding: rounding, exponents: exponents)
  }

  /// The least exponent whose largest number reaches every weight; `nil` if all are zero.
  private static func exponent(reaching values: ArraySlice<Float>, _ levels: LevelSet) -> Int? {
    let largest = values.reduce(Float(0)) { max($0, $1.magnitude) }
    guard largest >= .leastNormalMagnitude else { return nil }
    // The logarithm rounded up; `nextDown` keeps exact powers of two where they are.
    let ratio = Double(largest) / Double(levels.magnitudes[levels.magnitudes.count - 1])
    return Int(ratio.nextDown.exponent) + 1
  }

  /// The exponent of the least squared error from `top` downward; of equal errors the larger.
  private static func leastError(
    _ values: [Float], _ levels: LevelSet, _ rounding: LevelRounding, below top: Int
  ) -> Int {
    var (best, least) = (top, Double.infinity)
    for exponent in (top - tries...top).reversed() where exponentRange.contains(exponent) {
      let encoding = PowersOfTwo(levels: levels, rounding: rounding, exponents: [exponent])
      let projected = Parameter(Tensor(values, shape: [values.count]), encoding: encoding).projected.values
      let error = zip(values, projected).reduce(0.0) { sum, pair in
        let difference = Double(pair.0) - Double(pair.1)
        return sum + difference * difference
      }
      if error < least { (best, least) = (exponent, error) }
    }
    return best
  }
}
