/// Scales of output channels, or one for all, times the magnitudes of factors; a channel that becomes zero gets the least scale.
///
/// `nil` where a scale is for all channels of none.
func scaled(_ scales: [Float], by factors: [Float]) -> [Float]? {
  guard !factors.isEmpty, scales.count == 1 || scales.count == factors.count else { return nil }
  return factors.enumerated().map { channel, factor in
    max(scales[scales.count == 1 ? 0 : channel] * factor.magnitude, .leastNormalMagnitude)
  }
}
