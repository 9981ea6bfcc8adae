public import Datasets
import Foundation
public import Settings

/// Learning from what a teacher says of every class, softened by a temperature.
///
/// **Formula** `loss = (1 - a)·CE + a·T²·Σ_c p_c·log(p_c / q_c)` with `p = softmax(teacher / T)`,
/// `q = softmax(student / T)`, T the temperature, a the weight; CE is the plain loss, label smoothing included.
///
/// **Gradient** by a logit, for a mean over N images: `(1 - a)·∂CE + a·T·(q - p) / N`.
///
/// **Paper** Hinton, Vinyals, Dean, "Distilling the knowledge in a neural network", 2015, arXiv:1503.02531.
public struct SoftTargets: Distiller {
  public static let name = "soft-targets"
  public static let summary = "match the teacher's softened probabilities"

  /// What logits are divided by: higher shows more of how the teacher orders the wrong classes.
  public var temperature: Float = 4
  /// The share of the teacher in the loss; the labels have the rest.
  public var weight: Float = 0.9

  public init() {}

  /// Makes an objective.
  public init(temperature: Float, weight: Float) {
    self.temperature = temperature
    self.weight = weight
  }

  public static var settings: [Setting<SoftTargets>] {
    [
      Setting("temperature", \.temperature, in: 0.1...100, "what logits are divided by"),
      Setting("weight", \.weight, in: 0...1, "share of the teacher in the loss; the labels have the rest"),
    ]
  }

  public var need: TeacherNeed { .logits }

  public func evaluateLogits(
    _ logits: Span<Float>, teacher: Span<Float>, of batch: Batch, range: Range<Int>,
    _ loss: SoftmaxCrossEntropy, gradient: inout MutableSpan<Float>
  ) -> SoftmaxCrossEntropy.Score {
    var score = loss.evaluate(logits: logits, of: batch, range: range, gradient: &gradient)
    let classes = logits.count / max(range.count, 1)
    let scale = weight * temperature / Float(range.count)
    var divergence = 0.0
    for row in 0..<range.count {
      divergence += add(
        logits, teacher, row * classes..<(row + 1) * classes, scale: scale, to: &gradient)
    }
    score.loss =
      Double(1 - weight) * score.loss + Double(weight) * Double(temperature * temperature) * divergence
    return score
  }

  /// One image: its divergence from the teacher; the gradient becomes `(1 - a)·gradient + scale·(q - p)`.
  private func add(
    _ logits: Span<Float>, _ teacher: Span<Float>, _ row: Range<Int>, scale: Float,
    to gradient: inout MutableSpan<Float>
  ) -> Double {
    let student = normalizer(logits, row)
    let other = normalizer(teacher, row)
    var divergence = 0.0
    for i in row {
      let q = logits[i] / temperature - student
      let p = teacher[i] / temperature - other
      let wanted = exp(p)
      if wanted > 0 { divergence += Double(wanted) * Double(p - q) }
      gradient[i] = (1 - weight) * gradient[i] + scale * (exp(q) - wanted)
    }
    return divergence
  }

  /// The logarithm of the sum of `exp(logit / T)`.
  private func normalizer(_ logits: Span<Float>, _ row: Range<Int>) -> Float {
    let highest = logits[row.lowerBound + LogitRow.argmax(logits, row)]
    var sum: Float = 0
    for i in row { sum += exp((logits[i] - highest) / temperature) }
    return highest / temperature + log(sum)
  }
}
