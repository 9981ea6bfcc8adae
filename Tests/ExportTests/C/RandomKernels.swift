import Execution
import Graphs
import Ops
import Tensors

/// A function that makes a number of weights.
typealias WeightMaker = @Sendable (inout RandomKernels, Int) -> IntegerWeights

/// Kernels with random constants, and programs of them.
struct RandomKernels {
  var random: SeededRandom
  /// The range of the numbers that kernels read, as they are given it.
  var inputBounds: ClosedRange<Int32> = -128...127

  init(_ purpose: String) { random = SeededRandom(seed: 7, purpose: purpose) }

  mutating func integer(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + Int(random.next() % UInt64(range.count))
  }

  mutating func bytes(_ count: Int, _ range: ClosedRange<Int> = -128...127) -> [Int8] {
    (0..<count).map { _ in Int8(integer(range)) }
  }

  /// Constants of products, with ratios around a power of two.
  mutating func products(
    outputs: Int, length: Int, exponent: Int = -8, storage: WeightMaker
  ) -> IntegerProducts {
    IntegerProducts(
      weights: storage(&self, outputs * length),
      bias: (0..<outputs).map { _ in Int32(integer(-5000...5000)) },
      inputZero: Int32(integer(Int(inputBounds.lowerBound)...Int(inputBounds.upperBound))),
      inputBounds: inputBounds,
      rescales: (0..<outputs).map { _ in
        Rescale(Double(integer(1000...3000)) / 2000 * Double(sign: .plus, exponent: exponent, significand: 1))
      },
      outputZero: Int32(integer(-128...127)), bounds: -128...127)
  }

  static func dense(_ bits: Int) -> WeightMaker {
    { kernels, count in
      let half = 1 << (bits - 1)
      return IntegerWeights(values: kernels.bytes(count, -half...half - 1), storage: .dense(bits: bits))
    }
  }

  static func sparse(_ bits: Int, kept: Double) -> WeightMaker {
    { kernels, count in
      let half = 1 << (bits - 1)
      let values = kernels.bytes(count, -half...half - 1).map { value in
        Double(kernels.integer(0...999)) < kept * 1000 ? value : 0
      }
      return IntegerWeights(values: values, storage: .sparse(Mask(values.map { $0 != 0 }), bits: bits))
    }
  }

  /// Weights of a codebook; a share `kept` are random entries, and the others the first entry, which is then
  /// zero.
  static func codebook(_ bits: Int, kept: Double = 1) -> WeightMaker {
    { kernels, count in
      var table = kernels.bytes(1 << bits)
      if kept < 1 { table[0] = 0 }
      let indices = (0..<count).map { _ in
        Double(kernels.integer(0...999)) < kept * 1000 ? UInt8(kernels.integer(0...(1 << bits) - 1)) : 0
      }
      return IntegerWeights(
        values: indices.map { table[Int($0)] },
        storage: .codebook(indices: indices, table: table, bits: bits))
    }
  }

  /// Weights that are sub-vectors of rows, each chosen among `count` vectors of its book.
  static func vectors(width: Int, books: Int, count: Int) -> WeightMaker {
    { kernels, elements in
      let table = kernels.bytes(books * count * width, -100...100)
      let indices = (0..<elements / width).map { _ in UInt8(kernels.integer(0...count - 1)) }
      let values = indices.enumerated().flatMap { place, index in
        let entry = (place % books * count + Int(index)) * width
        return table[entry..<entry + width]
      }
      return IntegerWeights(
        values: Array(values),
        storage: .vectors(.init(indices: indices, table: table, width: width, books: books, bits: 8)))
    }
  }

  /// Weights that are 1 or -1.
  static let signs: WeightMaker = { kernels, count in
    IntegerWeights(
      values: (0..<count).map { _ in Int8(2 * kernels.integer(0...1) - 1) }, storage: .signs)
  }

  /// Weights with magnitudes of a set, of either sign or zero.
  static func levels(_ magnitudes: [Int8], bits: Int) -> WeightMaker {
    { kernels, count in
      let symbols = (0..<count).map { _ -> UInt8 in
        let place = kernels.integer(0...magnitudes.count)
        return UInt8(place) | (place > 0 && kernels.integer(0...1) == 1 ? 1 << UInt8(bits - 1) : 0)
      }
      let sign: UInt8 = 1 << UInt8(bits - 1)
      let values = symbols.map { symbol -> Int8 in
        guard symbol > 0 else { return 0 }
        return magnitudes[Int(symbol & (sign - 1)) - 1] * (symbol & sign == 0 ? 1 : -1)
      }
      return IntegerWeights(
        values: values, storage: .levels(symbols: symbols, magnitudes: magnitudes, bits: bits))
    }
  }

  /// The kernel with ratios that are powers of two.
  static func byShifts(_ kernel: IntegerLinear, exponents: ClosedRange<Int>) -> IntegerLinear {
    let products = kernel.products
    let all = Array(exponents)
    return IntegerLinear(
      inputs: kernel.inputs, outputs: kernel.outputs,
      products: IntegerProducts(
        weights: products.weights, bias: products.bias, inputZero: products.inputZero,
        rescales: products.rescales.indices.map {
          Rescale(Double(sign: .plus, exponent: all[$0 % all.count], significand: 1))
        }, outputZero: products.outputZero, bounds: products.bounds))
  }

  mutating func linear(
    _ inputs: Int, _ outputs: Int, exponent: Int = -8,
    _ storage: WeightMaker
  ) -> IntegerLinear {
    IntegerLinear(
      inputs: inputs, outputs: outputs,
      products: products(outputs: outputs, length: inputs, exponent: exponent, storage: storage))
  }

  mutating func convolution(
    _ input: Shape, _ op: Conv2D, exponent: Int = -8,
    _ storage: WeightMaker
  ) throws -> IntegerConvolution {
    let output = try op.outputShape([Shape([1] + input.dimensions)])
    return IntegerConvolution(
      input: input, output: Shape(Array(output.dimensions.dropFirst())), op: op,
      products: products(
        outputs: op.filters, length: input[0] / op.groups * op.kernel.count, exponent: exponent,
        storage: storage))
  }

  /// A program of one kernel.
  static func program(
    _ kernel: any IntegerKernel, inputs: [Shape], output: Shape
  ) -> IntegerProgram {
    func value(_ name: String, _ shape: Shape) -> IntegerProgram.Value {
      IntegerProgram.Value(name: name, shape: shape, scale: 1, zeroPoint: 0, bounds: -128...127)
    }
    return IntegerProgram(
      values: [value("image", inputs[0]), value("output", output)], inputs: [0], outputs: [1],
      steps: [.init(node: "layer", inputs: inputs.map { _ in 0 }, output: 1, kernel: kernel)])
  }
}
