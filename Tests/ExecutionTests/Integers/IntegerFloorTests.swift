import Encodings
import Execution
import Foundation
import Graphs
import Ops
import Tensors
import TestSupport
import Testing

@Suite("Trees and prototypes in integers")
struct IntegerFloorTests {
  @Test("Scores on a path less their zero point are summed and rescaled, decisions held against theirs")
  func tree() {
    let kernel = IntegerTreeSum(
      depth: 1, classes: 2, decisionZero: 5, scoreZero: -10, rescale: Rescale(0.5), outputZero: 3,
      bounds: -20...40)
    // Root (0, 10), positive side (20, -30), other side (100, 7), each 10 above zero.
    let scores: [Int8] = [-10, 0, 10, -40, 90, -3]
    // (0 + 20)/2 + 3 and (10 - 30)/2 + 3; at the zero point (0 + 100)/2 + 3, beyond the bound, and (10 + 7)/2 = 8.5 → 9.
    #expect(kernel.forward([[6], scores]) == [13, -7])
    #expect(kernel.forward([[5], scores]) == [40, 12])
  }

  /// Of a script in Python that computes the formula in integers of any size.
  @Test(
    "Kernels equal those of the formula, and exponentials of double precision to a step",
    arguments: [(1.0 / 255, [83, 22, 255]), (1.0 / 2000, [647, 170, 2000])])
  func prototypes(scale: Double, expected: [Int32]) {
    let kernel = IntegerPrototypes(
      features: 3, prototypes: [1, 2, 3, -4, 5, 0, 6, -9, 4], shift: 1, inputZero: -3,
      rescale: Rescale(0.002 * 4096), outputScale: scale, outputZero: 0, bounds: Int32.min...Int32.max)
    #expect(kernel.multiplyAdds == 9 && kernel.count == 3)
    let digits = kernel.digits
    #expect(digits == (scale > 0.003 ? 7 : 4))
    for (value, distance) in zip(expected, [566.0, 1234, 2]) {
      #expect(abs(Double(value) - exp(-0.002 * (distance - 2)) / scale) < 1)
    }
    let bounded = IntegerPrototypes(
      features: 3, prototypes: kernel.prototypes, shift: 1, inputZero: -3, rescale: kernel.rescale,
      outputScale: scale, outputZero: -128, bounds: -128...127)
    #expect(bounded.forward([[10, -20, 5]]) == expected.map { Int8(min($0 - 128, 127)) })
  }

  @Test("Prototypes on a grid of their own, real ones and too many features are refused")
  func refusals() throws {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [4])])
    try graph.append(Prototypes(count: 2, rate: 1), name: "kernels", inputs: ["image"])
    graph.outputs = ["kernels"]
    graph.values["image"] = IntegerValue(scale: 0.5, zeroPoint: 0)
    graph.values["kernels"] = IntegerValue(scale: 1 / 255, zeroPoint: -128)
    let points = Tensor([1, 2, 3, 4, -1, -2, -3, -4], shape: [2, 4])
    func message(_ encoding: any Encoding) -> String {
      graph.parameters["kernels.prototypes"] = Parameter(points, encoding: encoding)
      return errorMessage { _ = try IntegerProgram(graph) }
    }
    #expect(message(Integer(bits: 8, scales: [0.75])).contains("not on the grid of its input"))
    #expect(message(Dense()).contains("its prototypes are real"))
    graph.parameters["kernels.prototypes"] = Parameter(points, encoding: Integer(bits: 8, scales: [1]))
    let kernel = try #require(try IntegerProgram(graph).steps[0].kernel as? IntegerPrototypes)
    #expect(kernel.shift == 1 && kernel.prototypes == [1, 2, 3, 4, -1, -2, -3, -4])
    graph.values["image"] = IntegerValue(scale: 500, zeroPoint: 0)
    #expect(message(Integer(bits: 8, scales: [500])).contains("beyond 2^30"))
  }
}
