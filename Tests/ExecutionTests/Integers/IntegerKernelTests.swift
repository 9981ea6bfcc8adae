import Execution
import Graphs
import Ops
import Tensors
import Testing

@Suite("Integer kernels, by hand")
struct IntegerKernelTests {
  private func products(
    _ weights: [Int8], bias: [Int32], inputZero: Int32 = 0, ratio: Double = 1, outputZero: Int32 = 0,
    bounds: ClosedRange<Int32> = -128...127
  ) -> IntegerProducts {
    IntegerProducts(
      weights: IntegerWeights(values: weights, storage: .dense(bits: 8)), bias: bias, inputZero: inputZero,
      rescales: bias.map { _ in Rescale(ratio) }, outputZero: outputZero, bounds: bounds)
  }

  @Test("A linear layer: products less the zero point, bias, halves up, zero point, bounds")
  func linear() {
    let kernel = IntegerLinear(
      inputs: 3, outputs: 2,
      products: products(
        [1, -2, 3, 127, 127, 127], bias: [10, 0], inputZero: -5, ratio: 0.25, outputZero: 7, bounds: 7...100))
    // (10 + 1·15 - 2·25 + 3·35) / 4 = 20; 127·75 / 4 is beyond the bound.
    #expect(kernel.forward([[10, 20, 30]]) == [27, 100])
    // (10 - 2·5 + 3·(-1)) / 4 = -0.75, raised to the zero point by the clamp; 127·(5 - 1 - 3) / 4 = 31.75.
    #expect(kernel.forward([[-5, 0, -6]]) == [7, 100])
    #expect(kernel.multiplyAdds == 6)
  }

  @Test("A convolution: what lies outside adds nothing, whatever stands for zero")
  func convolution() {
    let kernel = IntegerConvolution(
      input: [1, 2, 2], output: [1, 2, 2], op: Conv2D(filters: 1, kernel: 3, padding: 1),
      products: products([1, 1, 1, 1, 2, 1, 1, 1, 1], bias: [0], inputZero: 3))
    // Each pixel twice and its three neighbours once, minus zero points: (1, 2, 3, 4) - 3 sums to -2.
    #expect(kernel.forward([[1, 2, 3, 4]]) == [-4, -3, -2, -1])
    #expect(kernel.multiplyAdds == 36)
  }

  @Test("Groups see their own channels, strides and dilation skip")
  func groups() {
    let op = Conv2D(filters: 2, kernel: Extent(1, 2), stride: Extent(1, 2), dilation: Extent(1, 2), groups: 2)
    let kernel = IntegerConvolution(
      input: [2, 1, 5], output: [2, 1, 2], op: op, products: products([1, 10, -1, 2], bias: [0, 1]))
    #expect(kernel.forward([[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]]) == [31, 53, 11, 13])
  }

  @Test("A sum of two scales is rounded once")
  func add() {
    let kernel = IntegerAdd(zeros: [1, -2], ratios: [0.5, 0.25], outputZero: 3, bounds: -128...127)
    // 0.5·(3 - 1) + 0.25·(0 + 2) = 1.5 → 2; 0.5·1 + 0.25·1 = 0.75 → 1; -0.5·1 - 0.25·2 = -1 → -1; 0.5·(-1) = -0.5 → 0.
    #expect(kernel.forward([[3, 2, 0, 0], [0, -1, -4, -2]]) == [5, 4, 2, 3])
  }

  @Test("Average pooling divides by what counts")
  func averagePool() {
    func pooled(countsPadding: Bool) -> [Int8] {
      IntegerAveragePool(
        input: [1, 2, 2], output: [1, 2, 2], kernel: 2, stride: 2, padding: 1, countsPadding: countsPadding,
        inputZero: -10, ratio: 2, outputZero: 0, bounds: -128...127
      ).forward([[-6, -2, 2, 6]])
    }
    #expect(pooled(countsPadding: false) == [8, 16, 24, 32])
    #expect(pooled(countsPadding: true) == [2, 4, 6, 8])
  }

  @Test("Max pooling, tables, shuffles, enlarging and joining move numbers")
  func moves() {
    let pool = IntegerMaxPool(input: [1, 2, 3], output: [1, 1, 2], kernel: 2, stride: 1, padding: 0)
    #expect(pool.forward([[-5, -4, -128, -7, -6, -127]]) == [-4, -4])
    #expect(
      IntegerTable(table: (0..<256).map { Int8(127 - $0) }).forward([[-128, 0, 127]]) == [127, -1, -128])
    let shuffle = IntegerChannelShuffle(shape: [6, 1], groups: 2)
    #expect(shuffle.forward([[0, 1, 2, 3, 4, 5]]) == [0, 3, 1, 4, 2, 5])
    let slice = IntegerChannelSlice(shape: [4, 2], start: 1, count: 2)
    #expect(slice.forward([[0, 1, 2, 3, 4, 5, 6, 7]]) == [2, 3, 4, 5])
    #expect(IntegerUpsample(input: [1, 1, 2], factor: 2).forward([[1, 2]]) == [1, 1, 2, 2, 1, 1, 2, 2])
    #expect(IntegerReshape().forward([[3, 1]]) == [3, 1])
    let parts = [
      IntegerConcat.Part(count: 2, zero: 0, rescale: nil),
      IntegerConcat.Part(count: 1, zero: 4, rescale: Rescale(0.5)),
    ]
    let concat = IntegerConcat(parts: parts, outputZero: -1, bounds: -128...127)
    #expect(concat.forward([[100, -100], [11]]) == [100, -100, 3])
  }

  @Test("Interpolation takes whole shares: a quarter and three quarters for twice the size")
  func interpolation() {
    let kernel = IntegerInterpolation(
      input: [1, 1, 2], factor: 2, inputZero: 10, rescale: Rescale(1.0 / 16), outputZero: 0,
      bounds: -128...127)
    #expect(kernel.forward([[10, 50]]) == [0, 10, 30, 40, 0, 10, 30, 40])
    let second = kernel.neighbours(of: 1, extent: 2)
    #expect(second.lower == 0 && second.lowerShare == 3 && second.upperShare == 1)
  }

  @Test("A product repeats its second factor over pixels or channels")
  func multiply() {
    func product(_ shape: Shape, _ factor: [Int8]) -> [Int8] {
      IntegerMultiply(
        input: [2, 1, 2], factor: shape, inputZero: 1, factorZero: -1, rescale: Rescale(0.5), outputZero: 0,
        bounds: -128...127
      ).forward([[1, 2, 3, 4], factor])
    }
    #expect(product([2, 1, 1], [3, 5]) == [0, 2, 6, 9])
    #expect(product([1, 1, 2], [3, 5]) == [0, 3, 4, 9])
    #expect(product([2, 1, 2], [3, 5, 7, 9]) == [0, 3, 8, 15])
  }
}
