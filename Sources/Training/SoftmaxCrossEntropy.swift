public import Datasets
import Foundation

/// The loss of classification: the cross-entropy of the softmax of logits against a target distribution.
///
/// **Formula** `loss = -1/N · Σᵢ Σ_c t[i, c] · log softmax(logits[i])[c]` with
/// `t = (1 - smoothing)·(share·[c = label] + (1 - share)·[c = partner]) + smoothing/C`.
///
/// **Shapes** logits `[N, C]`, gradient `[N, C]`.
///
/// **Gradient** `(softmax(logits) - t) / N`.
///
/// **Paper** smoothing: Szegedy et al., "Rethinking the Inception architecture", CVPR 2016, arXiv:1512.00567.
public struct SoftmaxCrossEntropy: Sendable {
  /// The share of the target that is spread over all classes.
  public let smoothing: Float

  /// Makes a loss.
  public init(smoothing: Float = 0) { self.smoothing = smoothing }

  /// What a batch gave: sums, so that parts add up.
  public struct Score: Sendable, Equatable {
    /// The sum of the images' losses.
    public var loss = 0.0
    /// Images whose largest logit is that of their own class.
    public var correct = 0
  }

  /// Computes losses and the gradient of their mean over `range`, a part of the batch whose logits these are.
  public func evaluate(
    logits: Span<Float>, of batch: Batch, range: Range<Int>, gradient: inout MutableSpan<Float>
  ) -> Score {
    let classes = logits.count / max(range.count, 1)
    var score = Score()
    for row in 0..<range.count {
      let image = range.lowerBound + row
      let target = Target(
        label: Int(batch.labels[image]), partner: Int(batch.partnerLabels[image]), share: batch.shares[image],
        floor: smoothing / Float(classes), weight: 1 - smoothing)
      evaluate(
        logits, row * classes..<(row + 1) * classes, target, scale: 1 / Float(range.count), &gradient, &score)
    }
    return score
  }

  private struct Target {
    let label: Int
    let partner: Int
    let share: Float
    let floor: Float
    let weight: Float

    func value(at position: Int) -> Float {
      var value = floor
      if position == label { value += weight * share }
      if position == partner { value += weight * (1 - share) }
      return value
    }
  }

  private func evaluate(
    _ logits: Span<Float>, _ row: Range<Int>, _ target: Target, scale: Float,
    _ gradient: inout MutableSpan<Float>, _ score: inout Score
  ) {
    let best = LogitRow.argmax(logits, row)
    let highest = logits[row.lowerBound + best]
    var sum = 0.0
    for i in row {
      let power = exp(logits[i] - highest)
      gradient[i] = power
      sum += Double(power)
    }
    let normalizer = log(sum)
    let factor = Float(1 / sum)
    for i in row {
      let wanted = target.value(at: i - row.lowerBound)
      if wanted != 0 { score.loss += Double(wanted) * (normalizer - Double(logits[i] - highest)) }
      gradient[i] = (gradient[i] * factor - wanted) * scale
    }
    if !sum.isFinite { score.loss = .nan }
    if best == target.label { score.correct += 1 }
  }
}

/// Reading one image's logits.
enum LogitRow {
  /// The position of the largest logit within the row; the first of equals.
  static func argmax(_ logits: Span<Float>, _ row: Range<Int>) -> Int {
    var best = row.lowerBound
    for i in row where logits[i] > logits[best] { best = i }
    return best - row.lowerBound
  }

  /// How many classes come before `label`: those with a larger logit, and equal ones of a smaller index.
  static func rank(_ logits: Span<Float>, _ row: Range<Int>, of label: Int) -> Int {
    let own = logits[row.lowerBound + label]
    var rank = 0
    for i in row where logits[i] > own || (logits[i] == own && i < row.lowerBound + label) { rank += 1 }
    return rank
  }

  /// Writes the row's softmax; gives back the logarithm of its normalizer, so that `log p = logit - normalizer`.
  @discardableResult
  static func softmax(_ logits: Span<Float>, _ row: Range<Int>, into values: inout [Double]) -> Double {
    let highest = Double(logits[row.lowerBound + argmax(logits, row)])
    var sum = 0.0
    for i in row {
      let power = exp(Double(logits[i]) - highest)
      values[i - row.lowerBound] = power
      sum += power
    }
    for i in values.indices { values[i] /= sum }
    return highest + log(sum)
  }
}
