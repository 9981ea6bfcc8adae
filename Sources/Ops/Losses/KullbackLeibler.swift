import Foundation
public import Graphs
public import Settings
public import Tensors

/// How far a student's softened probabilities are from a teacher's.
///
/// **Formula**: `loss[n] = T² · Σ_c p[c] · log(p[c] / q[c])` with `p = softmax(y[n] / T)`, `q = softmax(x[n] / T)`. The factor T²
/// keeps gradients of one size at every temperature T.
///
/// **Shapes**: the student's scores `x [N, C]`, the teacher's `y [N, C]`, loss `[N]`.
///
/// **Gradient**: `dx = T·(q - p)`; `dy = T·p·(log(p / q) - Σ_k p[k]·log(p[k] / q[k]))`.
///
/// **Settings**: temperature.
///
/// **Throws**: `ShapeError` for unequal shapes and for values that are not `[N, C]`.
///
/// **Paper**: Hinton, Vinyals, Dean, "Distilling the knowledge in a neural network", 2015, arXiv:1503.02531.
public struct KullbackLeibler: Loss {
  public static let kind = "kullback-leibler"

  /// What scores are divided by.
  public var temperature: Float = 1

  /// A temperature of 1.
  public init() {}

  /// Makes a loss.
  public init(temperature: Float) { self.temperature = temperature }

  public static var settings: [Setting<KullbackLeibler>] {
    [Setting("temperature", \.temperature, in: 0.1...100, "what scores are divided by")]
  }

  public static var examples: [OpExample<KullbackLeibler>] {
    [
      OpExample(KullbackLeibler(), [3, 4], [3, 4]),
      OpExample(KullbackLeibler(temperature: 4), [2, 5], [2, 5]),
    ]
  }

  public func validate() throws(ShapeError) {
    guard temperature >= 0.1, temperature <= 100 else {
      throw .invalidSetting(op: kind, reason: "temperature \(temperature) is outside 0.1...100")
    }
  }

  public func outputShape(_ inputs: [Shape]) throws(ShapeError) -> Shape { try outputShape(ofScores: inputs) }

  /// The probabilities of both, and what makes logarithms of them.
  public func scratchCount(_ item: LossItem) -> Int { 2 * item.predictionCount + 2 }

  public func loss(
    of student: Span<Float>, _ teacher: Span<Float>, _ item: LossItem, scratch: inout MutableSpan<Float>
  ) -> Float {
    let count = student.count
    scratch[2 * count] = write(student, into: &scratch, from: 0)
    scratch[2 * count + 1] = write(teacher, into: &scratch, from: count)
    return Float(Double(temperature * temperature) * divergence(student, teacher, scratch.span))
  }

  public func writeGradients(
    of student: Span<Float>, _ teacher: Span<Float>, _ item: LossItem, scale: Float,
    scratch: inout MutableSpan<Float>, byPrediction: inout MutableSpan<Float>,
    byTarget: inout MutableSpan<Float>
  ) {
    let count = student.count
    let factor = scale * temperature
    let (own, other) = (item.predictionRange.lowerBound, item.targetRange.lowerBound)
    for i in 0..<count { byPrediction[own + i] = factor * (scratch[i] - scratch[count + i]) }
    guard !byTarget.isEmpty else { return }
    let divergence = Float(divergence(student, teacher, scratch.span))
    for i in 0..<count {
      let ratio = ratio(student[i], teacher[i], scratch[2 * count], scratch[2 * count + 1])
      byTarget[other + i] = factor * scratch[count + i] * (ratio - divergence)
    }
  }

  /// `Σ_c p[c] · log(p[c] / q[c])`; `scratch` holds the probabilities of the student, then those of the teacher.
  private func divergence(_ student: Span<Float>, _ teacher: Span<Float>, _ scratch: Span<Float>) -> Double {
    let count = student.count
    var divergence = 0.0
    for i in 0..<count {
      let wanted = scratch[count + i]
      // Not `> 0` alone: what is not a number must be seen.
      guard !(wanted == 0) else { continue }
      let ratio = ratio(student[i], teacher[i], scratch[2 * count], scratch[2 * count + 1])
      divergence += Double(wanted) * Double(ratio)
    }
    return divergence
  }

  /// `log(p / q)` of a class, by the logarithms of both sums of powers.
  private func ratio(_ student: Float, _ teacher: Float, _ ofStudent: Float, _ ofTeacher: Float) -> Float {
    (teacher / temperature - ofTeacher) - (student / temperature - ofStudent)
  }

  /// Writes `softmax(scores / T)` from `place` on; gives back the logarithm of the sum of `exp(score / T)`.
  ///
  /// Probabilities are powers of their logarithms, so that they are what the divergence takes them for.
  private func write(
    _ scores: Span<Float>, into probabilities: inout MutableSpan<Float>, from place: Int
  ) -> Float {
    let highest = Scores.highest(scores)
    var sum: Float = 0
    for i in scores.indices { sum += exp((scores[i] - highest) / temperature) }
    let normalizer = highest / temperature + log(sum)
    for i in scores.indices { probabilities[place + i] = exp(scores[i] / temperature - normalizer) }
    return normalizer
  }
}
