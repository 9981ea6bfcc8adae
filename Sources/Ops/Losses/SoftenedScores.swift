import Foundation
import Tensors

/// The softmax of a batch's scores `[N, C]` at a temperature, and its gradient.
enum SoftenedScores {
  /// Writes `softmax(x[n] / T)` of every item from `place` on.
  static func write(
    _ x: Span<Float>, _ side: RelationSide, _ temperature: Float, into scratch: inout MutableSpan<Float>,
    at place: Int
  ) {
    for n in 0..<side.items {
      let row = n * side.width..<(n + 1) * side.width
      let highest = Scores.highest(x.extracting(row))
      var sum = 0.0
      for i in row {
        let power = exp((x[i] - highest) / temperature)
        scratch[place + i] = power
        sum += Double(power)
      }
      let factor = Float(1 / sum)
      for i in row { scratch[place + i] *= factor }
    }
  }

  /// Writes the gradient by the scores, `q/T · (dq - Σ_c dq[c]·q[c])`.
  ///
  /// The gradient dq by the probabilities begins at `slopes`.
  static func writeGradient(
    _ side: RelationSide, _ temperature: Float, probabilities: Int, slopes: Int, _ scratch: Span<Float>,
    into gradient: inout MutableSpan<Float>
  ) {
    for n in 0..<side.items {
      let row = n * side.width..<(n + 1) * side.width
      var level = 0.0
      for i in row { level += Double(scratch[probabilities + i]) * Double(scratch[slopes + i]) }
      for i in row {
        gradient[i] = scratch[probabilities + i] / temperature * (scratch[slopes + i] - Float(level))
      }
    }
  }
}
