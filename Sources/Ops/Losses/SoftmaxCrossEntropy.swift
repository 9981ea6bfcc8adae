import Foundation
public import Graphs
public import Settings
public import Tensors

/// The loss of classification: the cross-entropy of the softmax of scores against a target distribution.
///
/// **Formula**: `loss[n] = -Σ_c t[n,c] · log softmax(x[n])[c]` with `t = (1 - smoothing)·y + smoothing/C`.
/// The target y is 1 for the class of an image, or holds the shares of the two classes of a blended image.
///
/// **Shapes**: scores `x [N, C]`, target `y [N, C]`, loss `[N]`.
///
/// **Gradient**: with `s = Σ_c t[n,c]` (1 for a distribution), `dx = s·softmax(x) - t`;
/// `dy = -(1 - smoothing)·log softmax(x)`.
///
/// **Settings**: smoothing.
///
/// **Throws**: `ShapeError` for unequal shapes and for values that are not `[N, C]`.
///
/// **Paper** on smoothing: Szegedy et al., "Rethinking the Inception architecture", CVPR 2016,
/// arXiv:1512.00567.
public struct SoftmaxCrossEntropy: Loss {
  /// The name of the kind, which no file holds: `softmax-cross-entropy`.
  public static let kind = "softmax-cross-entropy"

  /// The share of the target that is spread over all classes.
  public var smoothing: Float = 0

  /// No smoothing.
  public init() {}

  /// Makes a loss.
  public init(smoothing: Float) { self.smoothing = smoothing }

  /// Settings: `smoothing`.
  public static var settings: [Setting<SoftmaxCrossEntropy>] {
    [Setting("smoothing", \.smoothing, in: 0...0.9, "share of the target that is spread over all classes")]
  }

  /// Small cases that the laws of ops run.
  public static var examples: [OpExample<SoftmaxCrossEntropy>] {
    [
      OpExample(SoftmaxCrossEntropy(), [3, 4], [3, 4]),
      OpExample(SoftmaxCrossEntropy(smoothing: 0.2), [2, 5], [2, 5]),
    ]
  }

  /// Refuses a smoothing outside 0...0.9.
  public func validate() throws(ShapeError) {
    guard smoothing >= 0, smoothing <= 0.9 else {
      throw .invalidSetting(op: kind, reason: "smoothing \(smoothing) is outside 0...0.9")
    }
  }

  /// The shape `[N]`; throws for unequal shapes and for values that are not `[N, C]`.
  public func outputShape(_ inputs: [Shape]) throws(ShapeError) -> Shape { try outputShape(ofScores: inputs) }

  /// The exponentials of the scores, the factor that makes gradients of them, and the logarithm of their sum.
  public func scratchCount(_ item: LossItem) -> Int { item.predictionCount + 2 }

  /// Computes the loss from exponentials of the scores less the highest; NaN for scores that are not finite.
  public func loss(
    of scores: Span<Float>, _ target: Span<Float>, _ item: LossItem, scratch: inout MutableSpan<Float>
  ) -> Float {
    let (highest, count) = (Scores.highest(scores), scores.count)
    var (sum, total) = (0.0, 0.0)
    for i in 0..<count {
      let power = exp(scores[i] - highest)
      scratch[i] = power
      sum += Double(power)
      total += Double(wanted(target, i))
    }
    let normalizer = log(sum)
    scratch[count] = Float(total / sum)
    scratch[count + 1] = Float(normalizer)
    guard sum.isFinite else { return .nan }
    var loss = 0.0
    for i in scores.indices {
      let wanted = wanted(target, i)
      if wanted != 0 { loss += Double(wanted) * (normalizer - Double(scores[i] - highest)) }
    }
    return Float(loss)
  }

  /// Writes `s·softmax(x) - t` for the scores, and the gradient by the target if asked for.
  public func writeGradients(
    of scores: Span<Float>, _ target: Span<Float>, _ item: LossItem, scale: Float,
    scratch: inout MutableSpan<Float>, byPrediction: inout MutableSpan<Float>,
    byTarget: inout MutableSpan<Float>
  ) {
    let count = scores.count
    let (own, other) = (item.predictionRange.lowerBound, item.targetRange.lowerBound)
    let factor = scratch[count]
    for i in 0..<count { byPrediction[own + i] = (scratch[i] * factor - wanted(target, i)) * scale }
    guard !byTarget.isEmpty else { return }
    let (highest, normalizer) = (Scores.highest(scores), scratch[count + 1])
    for i in target.indices {
      byTarget[other + i] = (1 - smoothing) * (normalizer - (scores[i] - highest)) * scale
    }
  }

  private func wanted(_ target: Span<Float>, _ position: Int) -> Float {
    smoothing / Float(target.count) + (1 - smoothing) * target[position]
  }
}

extension Loss {
  /// The shape `[N]`, for predicted and wanted scores `[N, C]`.
  func outputShape(ofScores inputs: [Shape]) throws(ShapeError) -> Shape {
    let shape = try outputShape(ofEqual: inputs)
    guard inputs[0].rank == 2 else {
      throw .wrongRank(op: kind, expected: "[N, C]", found: inputs[0])
    }
    return shape
  }
}
