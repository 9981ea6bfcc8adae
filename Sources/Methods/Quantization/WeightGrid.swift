import Encodings
import Graphs
import Tensors

/// Chooses the integer scales of weights.
struct WeightGrid {
  /// Bits of a weight.
  var bits: Int
  /// True for one scale for each output channel, false for one for all.
  var perChannel: Bool
  /// True if scales minimize the squared error, false if they reach the largest weight.
  var minimizesError: Bool
  /// True if scales are those from which steps are learned, by the mean magnitude.
  var startsSteps = false

  /// The encoding of a weight tensor; `nil` if weights or floors are so large that no scale is finite.
  ///
  /// Scales stay above `floors`, one for each channel on axis 0: below its floor a bias would not fit its 32
  /// bits.
  func encoding(of weight: Tensor, floors: [Float]) -> Integer? {
    guard weight.values.allSatisfy(\.isFinite) else { return nil }
    let covering = Integer(bits: bits, covering: weight, perChannel: perChannel)
    let width = weight.values.count / covering.scales.count
    let starts = startsSteps ? LearnedSteps.start(of: weight, bits: bits, perChannel: perChannel) : []
    let scales = covering.scales.enumerated().map { channel, scale in
      let row = weight.values[(channel * width)..<((channel + 1) * width)]
      let chosen =
        startsSteps
        ? (starts[channel] >= .leastNormalMagnitude ? starts[channel] : scale)
        : minimizesError ? leastError(Array(row), covering: scale) : scale
      return max(chosen, perChannel ? floors[channel] : floors.max() ?? 0)
    }
    return Integer.problem(bits: bits, scales: scales) == nil ? Integer(bits: bits, scales: scales) : nil
  }

  /// The scale of the least squared error among multiples of 1/64 of the covering one; of equal errors the
  /// larger.
  private func leastError(_ values: [Float], covering scale: Float) -> Float {
    var best = scale
    var leastError = Float.infinity
    for step in (1...CalibrationRule.steps).reversed() {
      let candidate = max(scale * Float(step) / Float(CalibrationRule.steps), .leastNormalMagnitude)
      let error = squaredError(values, Integer(bits: bits, scales: [candidate]))
      if error < leastError {
        leastError = error
        best = candidate
      }
    }
    return best
  }

  /// The squared error of an encoding.
  private func squaredError(_ values: [Float], _ encoding: Integer) -> Float {
    var projected = values
    var span = projected.mutableSpan
    encoding.project(&span, shape: [values.count])
    var sum: Float = 0
    for i in values.indices {
      let difference = values[i] - projected[i]
      sum += difference * difference
    }
    return sum
  }
}
