import Foundation
import Graphs
import Ops
import Tensors
import TestSupport
import Testing

/// Runs a loss on one batch by its reference kernels; the gradients are those of the sum of losses.
private func run(
  _ loss: any Loss, _ prediction: Tensor, _ target: Tensor
) throws -> (losses: [Float], byPrediction: [Float], byTarget: [Float]) {
  let shape = try loss.outputShape([prediction.shape, target.shape])
  var frame = KernelFrame(
    inputs: [prediction, target], parameters: [], output: Tensor(repeating: .nan, shape: shape),
    mode: .training,
    random: SeededRandom(seed: 0, purpose: "loss"))
  loss.forward(&frame)
  var gradient = GradientFrame(frame, outputGradient: Tensor(repeating: 1, shape: shape))
  loss.backward(&gradient)
  return (frame.output.values, gradient.inputGradients[0].values, gradient.inputGradients[1].values)
}

@Suite("Losses")
struct LossTests {
  /// The numbers are numpy's.
  ///
  /// t = (1 - s) * y + s / 3; lp = z - log(exp(z).sum(1)); loss = -(t * lp).sum(1); gradient = exp(lp) - t
  @Test("Cross-entropy with smoothing and mixed targets equals the formula")
  func crossEntropy() throws {
    let found = try run(
      SoftmaxCrossEntropy(smoothing: 0.1), Tensor([2, -1, 0.5, 0.1, 0.2, 0.3], shape: [2, 3]),
      Tensor([0.7, 0.3, 0, 0, 0, 1], shape: [2, 3]))
    #expect(abs(Double(found.losses[0] + found.losses[1]) - 2.2132541448864016) < 1e-6)
    let expected = [
      0.06113185062797122, -0.13211038003132297, 0.07097852940335167, 0.133638136011197, 0.14944583010000695,
      -0.2830839661112039,
    ]
    for (a, b) in zip(found.byPrediction, expected) { #expect(abs(Double(a) - 2 * b) < 2e-7) }
  }

  @Test("Scores of any size give a finite loss, a score that is not finite gives none")
  func extremes() throws {
    let label = Tensor([0, 1], shape: [1, 2])
    let large = try run(SoftmaxCrossEntropy(), Tensor([3e4, -3e4], shape: [1, 2]), label)
    #expect(large.losses == [6e4] && large.byPrediction == [1, -1])
    for scores in [[.nan, 0], [0, .nan], [.infinity, 0], [0, .infinity], [0, -.infinity]] as [[Float]] {
      let found = try run(SoftmaxCrossEntropy(), Tensor(scores, shape: [1, 2]), label)
      #expect(!found.losses[0].isFinite, "\(scores)")
    }
    for loss in [KullbackLeibler(temperature: 4), MeanSquaredError()] as [any Loss] {
      for bad in [Float.nan, .infinity, -.infinity] {
        let found = try run(loss, Tensor([0, bad], shape: [1, 2]), label)
        #expect(!found.losses[0].isFinite, "\(loss.kind), \(bad)")
      }
    }
  }

  /// The numbers are scipy's.
  ///
  /// T = 4; p = softmax(y / T); q = softmax(x / T); T**2 * (p * log(p / q)).sum()
  @Test("The divergence equals the formula; equal scores have none")
  func divergence() throws {
    let (x, y) = (Tensor([1, 2, -3], shape: [1, 3]), Tensor([4, -1, 0.5], shape: [1, 3]))
    let found = try run(KullbackLeibler(temperature: 4), x, y)
    func softened(_ values: [Double]) -> [Double] {
      let powers = values.map { exp($0 / 4) }
      return powers.map { $0 / powers.reduce(0, +) }
    }
    let (q, p) = (softened([1, 2, -3]), softened([4, -1, 0.5]))
    let expected = 16 * zip(p, q).reduce(0.0) { $0 + $1.0 * log($1.0 / $1.1) }
    #expect(abs(Double(found.losses[0]) - expected) < 1e-5 * expected)
    for i in 0..<3 { #expect(abs(Double(found.byPrediction[i]) - 4 * (q[i] - p[i])) < 1e-6) }
    let equal = try run(KullbackLeibler(temperature: 4), y, y)
    #expect(equal.losses == [0] && equal.byPrediction == [0, 0, 0])
  }

  @Test(
    "Attention maps of values that differ by a factor are equal; a value of zeros has a loss and no gradient")
  func attention() throws {
    let value = Tensor(random: [2, 3, 2, 2], seed: 1)
    var scaled = value
    for i in scaled.values.indices { scaled.values[i] *= -3 }
    let equal = try run(AttentionMap(), value, scaled)
    #expect(equal.losses.allSatisfy { abs($0) < 1e-12 })
    let zeros = try run(AttentionMap(), Tensor(zeros: [2, 3, 2, 2]), Tensor(random: [2, 5, 2, 2], seed: 2))
    // One map of length 1 against an empty one: the mean over four positions is 1/4.
    #expect(zeros.losses.allSatisfy { abs($0 - 0.25) < 1e-6 })
    #expect(zeros.byPrediction.allSatisfy { $0 == 0 })
  }

  @Test("The mean squared error is the mean over elements")
  func squaredError() throws {
    let found = try run(
      MeanSquaredError(), Tensor([1, 2, 3, 4], shape: [1, 4]), Tensor([1, 0, 3, 0], shape: [1, 4]))
    #expect(found.losses == [5] && found.byPrediction == [0, 1, 0, 2] && found.byTarget == [0, -1, 0, -2])
  }

  @Test("Values that cannot be compared are refused")
  func refusals() {
    let cases: [(any Loss, [Shape], String)] = [
      (SoftmaxCrossEntropy(), [[2, 3], [2, 4]], "the shapes differ: 2x3 and 2x4"),
      (KullbackLeibler(), [[2, 3, 1, 1], [2, 3, 1, 1]], "takes [N, C]"),
      (AttentionMap(), [[2, 3, 2, 2], [2, 3, 2, 3]], "height and width differ"),
      (MeanSquaredError(), [[2, 3]], "takes 2 inputs"),
    ]
    for (loss, shapes, words) in cases {
      let message = errorMessage { _ = try loss.outputShape(shapes) }
      #expect(message.contains(words), "\(message)")
    }
  }

  @Test("No file of a network may name a loss or another op of objectives, nor an op that draws in training")
  func notStandard() {
    let others = Set(OpCatalogue.training.kinds).subtracting(OpCatalogue.standard.kinds)
    let losses = OpCatalogue.training.types.filter { $0 is any ObjectiveOp.Type }.map { $0.kind }
    let drawn = OpCatalogue.trained.types.filter { $0 is any TrainingOp.Type }.map { $0.kind }
    #expect(losses.count >= 4 && !drawn.isEmpty && others == Set(losses + drawn))
  }
}
