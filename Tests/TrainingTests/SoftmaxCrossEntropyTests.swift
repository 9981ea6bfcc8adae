import Foundation
import Tensors
import Testing

@testable import Datasets
@testable import Training

@Suite("Softmax cross-entropy")
struct SoftmaxCrossEntropyTests {
  private static func batch(labels: [Int32], partners: [Int32]? = nil, shares: [Float]? = nil) -> Batch {
    let batch = Batch(capacity: labels.count, valuesPerImage: 1)
    batch.count = labels.count
    batch.labels = labels
    batch.partnerLabels = partners ?? labels
    if let shares { batch.shares = shares }
    return batch
  }

  private static func evaluate(
    _ loss: SoftmaxCrossEntropy, _ logits: [Float], _ batch: Batch
  ) -> (score: SoftmaxCrossEntropy.Score, gradient: [Float]) {
    var gradient = [Float](repeating: .nan, count: logits.count)
    var span = gradient.mutableSpan
    let score = loss.evaluate(logits: logits.span, of: batch, range: 0..<batch.count, gradient: &span)
    return (score, gradient)
  }

  /// numpy: t = (1 - s) * (share * onehot(label) + (1 - share) * onehot(partner)) + s / 3;
  /// lp = z - log(exp(z).sum(1)); loss = -(t * lp).sum(); gradient = (exp(lp) - t) / 2
  @Test("Loss and gradient with smoothing and mixed targets equal the formula")
  func golden() {
    let batch = Self.batch(labels: [0, 2], partners: [1, 2], shares: [0.7, 1])
    let (score, gradient) = Self.evaluate(
      SoftmaxCrossEntropy(smoothing: 0.1), [2, -1, 0.5, 0.1, 0.2, 0.3], batch)
    #expect(abs(score.loss - 2.2132541448864016) < 1e-6)
    #expect(score.correct == 2)
    let expected = [
      0.06113185062797122, -0.13211038003132297, 0.07097852940335167, 0.133638136011197, 0.14944583010000695,
      -0.2830839661112039,
    ]
    for (a, b) in zip(gradient, expected) { #expect(abs(Double(a) - b) < 1e-7) }
  }

  @Test("The gradient is that of finite differences", arguments: [Float(0), 0.2])
  func finiteDifferences(smoothing: Float) {
    let loss = SoftmaxCrossEntropy(smoothing: smoothing)
    let batch = Self.batch(labels: [3, 0, 4], partners: [1, 0, 2], shares: [0.4, 1, 0.9])
    var random = SeededRandom(seed: 3, purpose: "logits")
    let logits = (0..<15).map { _ in 3 * random.normal() }
    let (_, gradient) = Self.evaluate(loss, logits, batch)
    let width: Float = 1 / 64
    for i in logits.indices {
      var (above, below) = (logits, logits)
      above[i] += width
      below[i] -= width
      let difference =
        Self.evaluate(loss, above, batch).score.loss - Self.evaluate(loss, below, batch).score.loss
      #expect(abs(difference / Double(2 * width) / 3 - Double(gradient[i])) < 1e-4)
    }
  }

  @Test("Logits of any size give a finite loss, a logit that is not finite gives none")
  func extremes() {
    let batch = Self.batch(labels: [1])
    let (large, gradient) = Self.evaluate(SoftmaxCrossEntropy(), [3e4, -3e4], batch)
    #expect(large.loss == 6e4 && gradient == [1, -1])
    for bad in [Float.nan, .infinity, -.infinity] where bad != -.infinity {
      #expect(!Self.evaluate(SoftmaxCrossEntropy(), [bad, 0], batch).score.loss.isFinite)
      #expect(!Self.evaluate(SoftmaxCrossEntropy(), [0, bad], batch).score.loss.isFinite)
    }
    #expect(!Self.evaluate(SoftmaxCrossEntropy(), [0, -.infinity], batch).score.loss.isFinite)
  }
}
