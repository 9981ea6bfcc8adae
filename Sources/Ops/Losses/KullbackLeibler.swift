import Foundation
public import Graphs
public import Settings
public import Tensors

/// The Kullback-Leibler divergence of a student's softened probabilities from a teacher's.
///
/// **Formula**: `loss[n] = T² · Σ_c p[c] · log(p[c] / q[c])` with `p = softmax(y[n] / T)`,
/// `q = softmax(x[n] / T)`. The factor T² keeps gradients of one size at every temperature T.
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
  /// The name of the kind, which no file holds: `kullback-leibler`.
  public static let kind = "kullback-leibler"

  /// The divisor of scores before the softmax.
  public var temperature: Float = 1

  /// A temperature of 1.
  public init() {}

  /// Makes a loss.
  public init(temperature: Float) { self.temperature = temperature }

  /// Settings: `temperature`.
  public static var settings: [Setting<KullbackLeibler>] {
    [Setting("temperature", \.temperature, in: 0.1...100, "what scores are divided by")]
  }

  /// Small cases that the laws of ops run.
  public static var examples: [OpExample<KullbackLeibler>] {
    [
      OpExample(KullbackLeibler(), [3, 4], [3, 4]),
      OpExample(KullbackLeibler(temperature: 4), [2, 5], [2, 5]),
    ]
  }

  /// Refuses a temperature outside 0.1...100.
  public func validate() throws(ShapeError) {
    guard temperature >= 0.1, temperature <= 100 else {
      throw .invalidSetting(op: kind, reason: "temperature \(temperature) is outside 0.1...100")
    }
  }

  /// The shape `[N]`; throws for unequal shapes and for values that are not `[N, C]`.
  public func outputShape(_ inputs: [Shape]) throws(ShapeError) -> Shape { try outputShape(ofScores: inputs) }

  /// The probabilities of both, and the logarithms of their normalizers.
  public func scratchCount(_ item: LossItem) -> Int { 2 * item.predictionCount + 2 }

  /// Writes both softmaxes, and returns T² times the divergence.
  public func loss(
    of student: Span<Float>, _ teacher: Span<Float>, _ item: LossItem, scratch: inout MutableSpan<Float>
  ) -> Float {
    let count = student.count
    scratch[2 * count] = write(student, into: &scratch, from: 0)
    scratch[2 * count + 1] = write(teacher, into: &scratch, from: count)
    return Float(Double(temperature * temperature) * divergence(student, teacher, scratch.span))
  }

  /// Writes `T·(q - p)` for the student, and the gradient by the teacher's scores if asked for.
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

  /// `Σ_c p[c] · log(p[c] / q[c])`; `scratch` holds the probabilities of the student, then those of the
  /// teacher.
  private func divergence(_ student: Span<Float>, _ teacher: Span<Float>, _ scratch: Span<Float>) -> Double {
    let count = student.count
    var divergence = 0.0
    for i in 0..<count {
      let wanted = scratch[count + i]
      // Not `> 0`: a NaN must reach the sum.
      guard !(wanted == 0) else { continue }
      let ratio = ratio(student[i], teacher[i], scratch[2 * count], scratch[2 * count + 1])
      divergence += Double(wanted) * Double(ratio)
    }
    return divergence
  }

  /// `log(p / q)` of a class, from the scores and the logarithms of both normalizers.
  private func ratio(_ student: Float, _ teacher: Float, _ ofStudent: Float, _ ofTeacher: Float) -> Float {
    (teacher / temperature - ofTeacher) - (student / temperature - ofStudent)
  }

  /// Writes `softmax(scores / T)` from `place` on; returns the logarithm of `Σ exp(score / T)`.
  ///
  /// Each probability is the exponential of the logarithm that the divergence uses, so both agree.
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
