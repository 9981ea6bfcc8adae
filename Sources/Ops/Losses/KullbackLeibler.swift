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

  public func loss(
    of student: Span<Float>, _ teacher: Span<Float>, _ item: LossItem, scratch: inout MutableSpan<Float>
  ) -> Float {
    Float(Double(temperature * temperature) * divergence(student, teacher, normalizers(student, teacher)))
  }

  public func writeGradients(
    of student: Span<Float>, _ teacher: Span<Float>, _ item: LossItem, scale: Float,
    scratch: inout MutableSpan<Float>, byPrediction: inout MutableSpan<Float>,
    byTarget: inout MutableSpan<Float>
  ) {
    let normalizers = normalizers(student, teacher)
    let factor = scale * temperature
    let (own, other) = (item.predictionRange.lowerBound, item.targetRange.lowerBound)
    for i in student.indices {
      let q = student[i] / temperature - normalizers.student
      let p = teacher[i] / temperature - normalizers.teacher
      byPrediction[own + i] = factor * (exp(q) - exp(p))
    }
    guard !byTarget.isEmpty else { return }
    let divergence = Float(divergence(student, teacher, normalizers))
    for i in teacher.indices {
      let q = student[i] / temperature - normalizers.student
      let p = teacher[i] / temperature - normalizers.teacher
      byTarget[other + i] = factor * exp(p) * (p - q - divergence)
    }
  }

  private func divergence(
    _ student: Span<Float>, _ teacher: Span<Float>, _ normalizers: (student: Float, teacher: Float)
  ) -> Double {
    var divergence = 0.0
    for i in student.indices {
      let q = student[i] / temperature - normalizers.student
      let p = teacher[i] / temperature - normalizers.teacher
      let wanted = exp(p)
      // Not `> 0` alone: what is not a number must be seen.
      if !(wanted == 0) { divergence += Double(wanted) * Double(p - q) }
    }
    return divergence
  }

  private func normalizers(
    _ student: Span<Float>, _ teacher: Span<Float>
  ) -> (student: Float, teacher: Float) {
    (normalizer(student), normalizer(teacher))
  }

  /// The logarithm of the sum of `exp(score / T)`.
  private func normalizer(_ scores: Span<Float>) -> Float {
    let highest = Scores.highest(scores)
    var sum: Float = 0
    for i in scores.indices { sum += exp((scores[i] - highest) / temperature) }
    return highest / temperature + log(sum)
  }
}
