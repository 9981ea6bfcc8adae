import Foundation
import Graphs
import Ops
import Tensors
import TestSupport
import Testing

/// Learned steps compared with numbers that PyTorch 2.15 computes in double precision.
///
/// The step is 0.7, x = 3·sin(k + 0.5) `[2, 6]` and dy = cos(k), with k from 0. For `rounding`, autograd runs
/// through the paper's functions `gradscale` and `roundpass`. For `clipping`, autograd runs through
/// `clamp(x, -below·s, above·s)`, and the gradient of the step is divided by `above²`, because the step moves
/// the bound.
@Suite("Steps that are learned")
struct LearnedStepTests {
  struct Golden: Sendable {
    let op: LearnedStep
    let output: [Float]
    let byInput: [Float]
    let byStep: Float
  }

  static let signed: [Float] = [1.4, 2.1, 2.1, -1.4, -1.4, -1.4, 0.7, 2.1, 2.1, 0, -1.4, -1.4]
  static let bySigned: [Float] = [
    1, 0, -0.4161468, -0.9899925, 0, 0, 0.9601703, 0, 0, -0.9111303, 0, 0,
  ]
  static let unsigned: [Float] = [1.4, 2.1, 2.1, 0, 0, 0, 0.7, 2.1, 2.1, 0, 0, 0]
  static let byUnsigned: [Float] = [1, 0, -0.4161468, 0, 0, 0, 0.9601703, 0, 0, 0, 0, 0]
  static let goldens = [
    Golden(
      op: LearnedStep(-2...3, rule: .rounding), output: signed, byInput: bySigned, byStep: 1.388941949),
    Golden(
      op: LearnedStep(0...3, rule: .rounding), output: unsigned, byInput: byUnsigned, byStep: 0.774354367),
    Golden(
      op: LearnedStep(-2...3, rule: .clipping), output: signed, byInput: bySigned, byStep: 5.855368112 / 9),
    Golden(
      op: LearnedStep(0...3, rule: .clipping), output: unsigned, byInput: byUnsigned, byStep: 3.446113559 / 9),
  ]

  private func frame(_ op: LearnedStep, _ x: [Float], step: Float) -> KernelFrame {
    let shape: Shape = [2, x.count / 2]
    return KernelFrame(
      inputs: [Tensor(x, shape: shape)], parameters: [Tensor([step], shape: [1])],
      output: Tensor(zeros: shape), mode: .training, random: SeededRandom(seed: 0, purpose: "step"))
  }

  @Test("Values and gradients are those of an independent implementation", arguments: goldens)
  func numbers(_ golden: Golden) {
    var forward = frame(golden.op, (0..<12).map { Float(3 * sin(Double($0) + 0.5)) }, step: 0.7)
    golden.op.forward(&forward)
    let gradient = Tensor((0..<12).map { Float(cos(Double($0))) }, shape: [2, 6])
    var backward = GradientFrame(forward, outputGradient: gradient)
    golden.op.backward(&backward)
    #expect(zip(forward.output.values, golden.output).allSatisfy { abs($0 - $1) < 1e-6 })
    #expect(zip(backward.inputGradients[0].values, golden.byInput).allSatisfy { abs($0 - $1) < 1e-6 })
    #expect(abs(backward.parameterGradients[0].values[0] - golden.byStep) < 1e-5)
  }

  @Test("A step that has become negative counts as the least one; not a number stays so")
  func absurd() {
    let op = LearnedStep(-2...3, rule: .rounding)
    var negative = frame(op, [1, -1, 0, 5], step: -3)
    op.forward(&negative)
    #expect(negative.output.values == [3, -2, 0, 3].map { $0 * LearnedStep.leastStep })
    var poisoned = frame(op, [.nan, 1, 2, 3], step: 1)
    op.forward(&poisoned)
    #expect(poisoned.output.values[0].isNaN && poisoned.output.values[1] == 1)
  }

  @Test("Multiples without zero between them are refused")
  func refusals() {
    var op = LearnedStep()
    op.above = 0
    #expect(
      errorMessage { try op.validate() }.contains("128 multiples below zero and 0 above, expected 0…65535"))
    op = LearnedStep()
    op.below = -1
    #expect(errorMessage { try op.validate() }.contains("-1 multiples below"))
  }
}
