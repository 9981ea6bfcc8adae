import Foundation
import Graphs
import Tensors
import Testing

@testable import Ops

/// Losses compared with PyTorch's in double precision, with the background chosen as in torchvision.
///
/// Scores, offsets and targets are sines and cosines, so an independent script can compute the same ones.
@Suite("Losses of anchors")
struct AnchorLossTests {
  private static let labels: [Float] = [0, 2, 0, 0, 1, -1, 0, 0, 0, 1, 0, 0]
  private static let scores = (0..<36).map { Float(2 * sin(0.7 * Double($0))) }
  private static let offsets = (0..<48).map { Float(1.5 * cos(0.9 * Double($0))) }

  private static func target() -> [Float] {
    labels.enumerated().flatMap { row, label in
      [label] + (0..<4).map { Float(sin(1.3 * Double(4 * row + $0))) }
    }
  }

  private static func run(_ op: any BatchLoss, _ values: [Float], _ each: Int) -> (
    loss: Float, gradient: [Float]
  ) {
    let prediction = Tensor(values, shape: [2, 6 * each])
    let target = Tensor(target(), shape: [2, 30])
    var frame = KernelFrame(
      inputs: [prediction, target], parameters: [], output: Tensor(zeros: [2]), mode: .training,
      random: SeededRandom(seed: 0, purpose: "loss"))
    op.forward(&frame)
    var gradient = GradientFrame(frame, outputGradient: Tensor([0.5, 0.5], shape: [2]))
    op.backward(&gradient)
    return (frame.output.values[0], gradient.inputGradients[0].values)
  }

  @Test(
    "The loss of scores, and its gradient, by the worst of the background",
    arguments: [
      (
        Float(3), 5.508902736516506, 4.853683539532701,
        [-0.30509488, 0.10242388, 0.20267100, 0.23214164, 0.08071346]
      ),
      (
        Float(1), 4.2367572169309335, 3.414435617092275,
        [-0.30509488, 0.10242388, 0.20267100, 0.23214164, 0.08071346]
      ),
    ])
  func classes(negatives: Float, loss: Double, sum: Double, first: [Double]) {
    let found = Self.run(AnchorClassLoss(negatives: negatives), Self.scores, 3)
    #expect(abs(Double(found.loss) - loss) < 1e-5)
    #expect(abs(found.gradient.reduce(0) { $0 + Double(abs($1)) } - sum) < 1e-5)
    for (one, other) in zip(found.gradient, first) { #expect(abs(Double(one) - other) < 1e-6) }
  }

  @Test("The focal loss of all anchors")
  func focal() {
    let found = Self.run(AnchorClassLoss(focus: 2), Self.scores, 3)
    #expect(abs(found.loss - 3.9958258) < 1e-5)
    #expect(abs(found.gradient.reduce(0) { $0 + abs($1) } - 5.5545810) < 1e-4)
    for (one, other) in zip(
      found.gradient, [-0.37238292, 0.12501325, 0.24736967, 0.27917934, 0.09706802] as [Float])
    {
      #expect(abs(one - other) < 1e-6)
    }
  }

  @Test("The loss of boxes")
  func boxes() {
    let found = Self.run(AnchorBoxLoss(), Self.offsets, 4)
    #expect(abs(found.loss - 1.3983595) < 1e-5)
    #expect(abs(found.gradient.reduce(0) { $0 + abs($1) } - 2.3497628) < 1e-5)
    for (one, other) in zip(
      found.gradient[4..<8], [-0.15389432, -0.17710456, -0.01550134, 0.33333333] as [Float])
    {
      #expect(abs(one - other) < 1e-6)
    }
  }

  @Test("Of equal losses the first of the background count, and none without things")
  func ties() {
    func counted(_ labels: [Float]) -> [Int] {
      let scores = Tensor(zeros: [1, labels.count * 2])
      let target = Tensor(labels.flatMap { [$0, 0, 0, 0, 0] }, shape: [1, labels.count * 5])
      var frame = KernelFrame(
        inputs: [scores, target], parameters: [], output: Tensor(zeros: [1]), mode: .training,
        random: SeededRandom(seed: 0, purpose: "loss"))
      let op = AnchorClassLoss(negatives: 2)
      op.forward(&frame)
      var gradient = GradientFrame(frame, outputGradient: Tensor([1], shape: [1]))
      op.backward(&gradient)
      return labels.indices.filter { gradient.inputGradients[0].values[2 * $0] != 0 }
    }
    #expect(counted([0, 0, 1, 0, 0]) == [0, 1, 2])
    #expect(counted([0, 0, 0]) == [])
  }
}
