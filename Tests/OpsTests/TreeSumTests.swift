import Foundation
import Graphs
import Ops
import Tensors
import TestSupport
import Testing

@Suite("Sums over paths of trees")
struct TreeSumTests {
  private func pattern(_ shape: Shape, _ factor: Int, _ period: Int) -> Tensor {
    Tensor((0..<shape.count).map { Float($0 * factor % period - period / 2) / 4 }, shape: shape)
  }

  private func frame(_ op: TreeSum, _ decisions: Tensor, _ scores: Tensor) throws -> KernelFrame {
    var frame = KernelFrame(
      inputs: [decisions, scores], parameters: [],
      output: Tensor(zeros: try op.outputShape([decisions.shape, scores.shape])), mode: .training,
      random: SeededRandom(key: 0))
    op.forward(&frame)
    return frame
  }

  @Test("The scores of the root, of the side that its decision names, and so on to a leaf are summed")
  func paths() throws {
    // Nodes 0; 1, 2; 3, 4, 5, 6 tell 1, 10, 100, and thousands.
    let scores = Tensor(
      (0..<4).flatMap { _ in [1, 10, 100, 1000, 2000, 3000, 4000] as [Float] }, shape: [4, 7])
    let decisions = Tensor([1, 1, -1, 0.1, -1, 1, -1, 1, 1, 0, 1, -2], shape: [4, 3])
    // A decision of exactly zero is no positive one.
    #expect(try frame(TreeSum(depth: 2), decisions, scores).output.values == [1011, 2011, 3101, 4101])
  }

  /// Of PyTorch's automatic derivatives, where each gate is a step whose gradient is that of a sigmoid.
  @Test(
    "Outputs and gradients are those of steps with the gradients of sigmoids",
    arguments: [
      (2, 2, 3, [5.03125, -0.1297725, 0.78125]), (3, 1, 5, [0.25, 0.4440528, 2.0625]),
      (1, 3, 4, [-3.5625, -0.06897973, 0.1875]),
    ] as [(Int, Int, Int, [Double])])
  func straightThrough(depth: Int, classes: Int, items: Int, expected: [Double]) throws {
    let op = TreeSum(depth: depth)
    let frame = try frame(
      op, pattern([items, op.decisions], 7, 11), pattern([items, op.nodes * classes], 5, 17))
    var gradient = GradientFrame(frame, outputGradient: pattern(frame.output.shape, 3, 7))
    op.backward(&gradient)
    let found = ([frame.output] + gradient.inputGradients).map { tensor in
      tensor.values.enumerated().reduce(0.0) { sum, item in
        sum + Double(item.element) * Double(item.offset * 5 % 13 - 6) / 8
      }
    }
    for (value, expected) in zip(found, expected) { #expect(abs(value - expected) < 2e-5, "\(found)") }
  }

  @Test("Shapes that are not the tree's are refused in its words")
  func refusals() {
    let cases: [([Shape], String)] = [
      ([[2, 3]], "2 inputs"), ([[2, 4], [2, 14]], "3 decisions"), ([[2, 3], [2, 15]], "scores of 7 nodes"),
      ([[2, 3], [3, 14]], "the batches differ"), ([[2, 3], [2, 14, 1, 1]], "scores of 7 nodes"),
    ]
    for (shapes, words) in cases {
      let message = errorMessage { _ = try TreeSum(depth: 2).outputShape(shapes) }
      #expect(message.contains(words), "\(message)")
    }
    #expect(errorMessage { try TreeSum(depth: 0).validate() }.contains("outside 1...10"))
    #expect(errorMessage { try Prototypes(count: 3, rate: .nan).validate() }.contains("rate"))
    #expect(errorMessage { _ = try Prototypes(count: 3).outputShape([[1, 3, 2, 2]]) }.contains("flatten"))
  }

  @Test("The kernel of the nearest prototype is one, and others fall with what they are farther")
  func kernels() throws {
    let op = Prototypes(count: 3, rate: 0.5)
    var frame = KernelFrame(
      inputs: [Tensor([1, 0, 100, 0], shape: [2, 2])],
      parameters: [Tensor([0, 0, 3, 0, 1, 2], shape: [3, 2])], output: Tensor(zeros: [2, 3]),
      mode: .inference, random: SeededRandom(key: 0))
    op.forward(&frame)
    // Squared distances 1, 4, 4, and 10000, 9409, 9805: far from all, the nearest is one still.
    let expected: [Double] = [1, exp(-1.5), exp(-1.5), exp(-295.5), 1, exp(-198)]
    for (value, expected) in zip(frame.output.values, expected) {
      #expect(abs(Double(value) - expected) < 1e-6)
    }
  }
}
