/// The scales of output channels, or one for all, times the magnitudes of factors.
///
/// A scale that would be smaller than the least normal float becomes that float. `nil` if the numbers of
/// scales and factors do not fit, or there are no factors.
func scaled(_ scales: [Float], by factors: [Float]) -> [Float]? {
  guard !factors.isEmpty, scales.count == 1 || scales.count == factors.count else { return nil }
  return factors.enumerated().map { channel, factor in
    max(scales[scales.count == 1 ? 0 : channel] * factor.magnitude, .leastNormalMagnitude)
  }
}
