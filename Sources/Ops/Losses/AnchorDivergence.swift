import Foundation
public import Graphs
public import Settings
public import Tensors

/// The divergence of a detector's anchors from another's, weighted by the other's probability of an object.
///
/// **Formula**: `loss = 1/W · Σ_a w_a·(T²·Σ_c p[a,c]·log(p[a,c]/q[a,c]) + b·Σ_i s(x[a,i] - y[a,i]))`. Here q
/// and p are the softmaxes over classes of the prediction's and the target's scores divided by the
/// temperature T, x and y the four offsets of an anchor, b the factor `boxes`, and `s(d) = d²/2` for
/// `|d| < 1`, else `|d| - ½`. The weights are `w_a = 1 - π[a,0]` with π the target's softmax at a temperature
/// of 1 and class 0 the background; W is their sum over the batch, at least 1.
///
/// **Shapes**: prediction and target `[N, A·C + A·4]`, the scores of all anchors and then their offsets; loss
/// `[N]`, that of the batch for each image.
///
/// **Gradient**: by the prediction, `T·w_a·(q - p)/W` and `b·w_a·clamp(x - y, -1, 1)/W`. By the target, with
/// D_a the term that w_a multiplies and D the weighted mean of these terms, `T·w_a·p·(log p/q - KL)/W + (D_a
/// - D)/W·dw_a`, where D is 0 if W is 1; its offsets get the opposite sign.
///
/// **Settings**: classes (the background included), temperature, boxes.
///
/// **Throws**: `ShapeError` for unequal shapes, and for elements that are not C + 4 for each anchor.
///
/// **Paper**: Chen, Choi, Yu, Han, Chandraker, "Learning efficient object detection models with knowledge
/// distillation", NIPS 2017, which weights objects and background by constants.
public struct AnchorDivergence: BatchLoss {
  /// The name of the kind, which no file holds: `anchor-divergence`.
  public static let kind = "anchor-divergence"

  /// The number of scores of an anchor, that of the background included.
  public var classes = 2
  /// The divisor of scores before the softmax.
  public var temperature: Float = 1
  /// The factor of the boxes' term.
  public var boxes: Float = 1

  /// Two classes, a temperature of 1, and boxes counted in full.
  public init() {}

  /// Makes a divergence.
  public init(classes: Int, temperature: Float, boxes: Float) {
    (self.classes, self.temperature, self.boxes) = (classes, temperature, boxes)
  }

  /// Settings: `classes`, `temperature`, `boxes`.
  public static var settings: [Setting<AnchorDivergence>] {
    [
      Setting("classes", \.classes, in: 2...100_000, required: true, "scores of an anchor"),
      Setting("temperature", \.temperature, in: 0.1...100, "what scores are divided by"),
      Setting("boxes", \.boxes, in: 0...1000, "factor on the boxes' part"),
    ]
  }

  /// Small cases that the laws of ops run.
  public static var examples: [OpExample<AnchorDivergence>] {
    [
      OpExample(AnchorDivergence(classes: 3, temperature: 2, boxes: 1), [2, 21], [2, 21]),
      OpExample(AnchorDivergence(classes: 2, temperature: 1, boxes: 0.5), [1, 18], [1, 18]),
    ]
  }

  /// Refuses fewer than two classes, a temperature below 0.1 and a negative factor.
  public func validate() throws(ShapeError) {
    guard classes >= 2, temperature >= 0.1, boxes >= 0 else {
      throw .invalidSetting(
        op: kind, reason: "\(classes) classes, temperature \(temperature), boxes \(boxes)")
    }
  }

  /// The shape `[N]`; throws for unequal shapes, and for elements that are not C + 4 for each anchor.
  public func outputShape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    let shape = try outputShape(ofScoreBatches: inputs)
    guard inputs[0][1].isMultiple(of: classes + 4) else {
      throw .invalidSetting(
        op: kind, reason: "\(inputs[0][1]) elements are not \(classes) and 4 for each anchor")
    }
    return shape
  }

  /// The weight and the weighted term of each anchor, the sum of weights, and the mean of terms.
  ///
  /// The mean is 0 where the sum of weights is held at 1.
  public func scratchCount(_ batch: LossBatch) -> Int { 2 * batch.count * anchors(batch) + 2 }

  private func anchors(_ batch: LossBatch) -> Int { batch.predictionCount / (classes + 4) }

  /// Computes the weight and the term of each anchor, and divides their sum of products.
  public func loss(
    of prediction: Span<Float>, _ target: Span<Float>, _ batch: LossBatch, scratch: inout MutableSpan<Float>
  ) -> Float {
    let anchors = anchors(batch)
    let heat = Double(temperature)
    let all = batch.count * anchors
    var (sum, total) = (0.0, 0.0)
    for image in 0..<batch.count {
      let first = image * batch.predictionCount
      for anchor in 0..<anchors {
        let scores = first + anchor * classes..<first + (anchor + 1) * classes
        let (said, wanted) = (prediction.extracting(scores), target.extracting(scores))
        let weight = max(1 - exp(Double(wanted[0]) - Self.normalizer(wanted, 1)), 0)
        scratch[image * anchors + anchor] = Float(weight)
        total += weight
        let (own, its) = (Self.normalizer(said, heat), Self.normalizer(wanted, heat))
        var divergence = 0.0
        for i in 0..<classes {
          let (logQ, logP) = (Double(said[i]) / heat - own, Double(wanted[i]) / heat - its)
          divergence += exp(logP) * (logP - logQ)
        }
        var distance = 0.0
        let offsets = first + anchors * classes + 4 * anchor
        for i in offsets..<offsets + 4 {
          let difference = abs(Double(prediction[i]) - Double(target[i]))
          distance += difference < 1 ? difference * difference / 2 : difference - 0.5
        }
        let weighed = heat * heat * divergence + Double(boxes) * distance
        scratch[all + image * anchors + anchor] = Float(weighed)
        sum += weight * weighed
      }
    }
    scratch[2 * all] = Float(max(total, 1))
    scratch[2 * all + 1] = Float(total > 1 ? sum / total : 0)
    return Float(sum / max(total, 1))
  }

  /// Writes the gradients of scores and offsets, from the weights and terms that `loss` left.
  public func writeGradients(
    of prediction: Span<Float>, _ target: Span<Float>, _ batch: LossBatch, scale: Float,
    scratch: inout MutableSpan<Float>, byPrediction: inout MutableSpan<Float>,
    byTarget: inout MutableSpan<Float>
  ) {
    let anchors = anchors(batch)
    let all = batch.count * anchors
    let factor = Double(scale) / Double(scratch[2 * all])
    for row in 0..<all {
      let first = row / anchors * batch.predictionCount
      let start = first + row % anchors * classes
      let weight = factor * Double(scratch[row])
      let slope = factor * Double(scratch[all + row] - scratch[2 * all + 1])
      writeScores(
        prediction, target, start..<start + classes, weight: weight, slope: slope,
        byPrediction: &byPrediction,
        byTarget: &byTarget)
      let offsets = first + anchors * classes + 4 * (row % anchors)
      for i in offsets..<offsets + 4 {
        let difference = min(max(Double(prediction[i]) - Double(target[i]), -1), 1)
        byPrediction[i] = Float(weight * Double(boxes) * difference)
        if !byTarget.isEmpty { byTarget[i] = -byPrediction[i] }
      }
    }
  }

  /// Writes the gradients by the scores of an anchor; `slope` is the gradient by its weight.
  private func writeScores(
    _ prediction: Span<Float>, _ target: Span<Float>, _ scores: Range<Int>, weight: Double, slope: Double,
    byPrediction: inout MutableSpan<Float>, byTarget: inout MutableSpan<Float>
  ) {
    let heat = Double(temperature)
    let (said, wanted) = (prediction.extracting(scores), target.extracting(scores))
    let (own, its) = (Self.normalizer(said, heat), Self.normalizer(wanted, heat))
    var divergence = 0.0
    for i in 0..<classes {
      let (logQ, logP) = (Double(said[i]) / heat - own, Double(wanted[i]) / heat - its)
      byPrediction[scores.lowerBound + i] = Float(weight * heat * (exp(logQ) - exp(logP)))
      divergence += exp(logP) * (logP - logQ)
    }
    guard !byTarget.isEmpty else { return }
    let plain = Self.normalizer(wanted, 1)
    let background = exp(Double(wanted[0]) - plain)
    for i in 0..<classes {
      let (logQ, logP) = (Double(said[i]) / heat - own, Double(wanted[i]) / heat - its)
      let share = exp(Double(wanted[i]) - plain)
      byTarget[scores.lowerBound + i] = Float(
        weight * heat * exp(logP) * (logP - logQ - divergence) - slope * background
          * ((i == 0 ? 1 : 0) - share))
    }
  }

  /// The logarithm of the sum of `e^(score/temperature)`.
  private static func normalizer(_ scores: Span<Float>, _ temperature: Double) -> Double {
    let highest = Double(Scores.highest(scores)) / temperature
    var sum = 0.0
    for i in scores.indices { sum += exp(Double(scores[i]) / temperature - highest) }
    return highest + log(sum)
  }
}
