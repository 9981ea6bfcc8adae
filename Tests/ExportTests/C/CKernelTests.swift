import Execution
import Graphs
import Ops
import Tensors
import TestSupport
import Testing

@testable import Export

@Suite("C of integer kernels", .enabled(if: HostCompiler() != nil, "no C compiler here"))
struct CKernelTests {
  private typealias Case = (kernel: any IntegerKernel, inputs: [Shape], output: Shape)

  /// Compiles kernels with sanitizers, runs them on random bytes, and compares them with the reference.
  private func expectEqual(
    _ cases: [Case], sparse: CSparse = .auto, huffman: Bool = false, bytes: ClosedRange<Int> = -128...127
  ) throws {
    let exported = try ExportedPrograms(
      cases.map { RandomKernels.program($0.kernel, inputs: $0.inputs, output: $0.output) }, sparse: sparse,
      huffman: huffman)
    defer { exported.remove() }
    var random = RandomKernels("images")
    let images = cases.map { item in (0..<3).map { _ in random.bytes(item.inputs[0].count, bytes) } }
    let found = try exported.outputs(images)
    for (index, expected) in exported.expected(images).enumerated() {
      #expect(found[index] == expected, "\(cases[index].kernel.kind) \(cases[index].inputs)")
    }
  }

  private static let storages: [(String, WeightMaker)] =
    [("bytes", RandomKernels.dense(8))] + (2...7).map { ("dense \($0)", RandomKernels.dense($0)) }
    + (2...8).map { ("codebook \($0)", RandomKernels.codebook($0)) }
    + [
      ("sparse 8", RandomKernels.sparse(8, kept: 0.1)), ("sparse 4", RandomKernels.sparse(4, kept: 0.05)),
      ("sparse, many left", RandomKernels.sparse(8, kept: 0.8)),
      ("nothing left", RandomKernels.sparse(8, kept: 0)),
      ("codebook 5, few left", RandomKernels.codebook(5, kept: 0.1)),
      ("powers of two", RandomKernels.levels([1, 2, 4, 8, 16, 32, 64], bits: 4)),
      ("signs", RandomKernels.signs), ("three powers of two", RandomKernels.levels([1, 2, 4], bits: 3)),
      ("quartets", RandomKernels.levels([1, 2, 4, 8, 16, 17, 18, 20, 24, 32, 64, 72], bits: 6)),
    ]

  private static let convolutions: [(Shape, Conv2D)] = [
    ([3, 7, 5], Conv2D(filters: 5, kernel: 3, padding: 1)),
    ([1, 6, 6], Conv2D(filters: 4, kernel: 5, stride: 2, padding: 2)),
    ([8, 5, 6], Conv2D(filters: 6, kernel: Extent(3, 2), stride: Extent(2, 1))),
    ([6, 5, 5], Conv2D(filters: 4, kernel: 3, padding: 2, dilation: 2, groups: 2)),
    ([5, 4, 4], Conv2D(filters: 7, kernel: 1)),
    ([6, 5, 4], Conv2D(filters: 6, kernel: 3, stride: 2, padding: 1, groups: 6)),
    ([5, 6, 6], Conv2D(filters: 5, kernel: 3, padding: Extent(0, 2), dilation: 2, groups: 5)),
    ([3, 5, 4], Conv2D(filters: 6, kernel: 3, padding: 1, groups: 3)),
    ([16, 4, 4], Conv2D(filters: 4, kernel: 3, stride: 1, padding: 1)),
    ([4, 3, 3], Conv2D(filters: 3, kernel: 1, stride: 2, padding: 1)),
  ]

  private static let lines = [(67, 5), (3, 1), (600, 2), (64, 16)]

  @Test(
    "Convolutions and linear layers equal the reference in every storage, with their zeros and without",
    arguments: storages.indices, CSparse.allCases)
  func products(_ storage: Int, sparse: CSparse) throws {
    let (name, weights) = Self.storages[storage]
    var kernels = RandomKernels("products \(name)")
    var cases: [Case] = Self.lines.map { (kernels.linear($0, $1, weights), [[$0]], [$1]) }
    for (input, op) in Self.convolutions {
      let kernel = try kernels.convolution(input, op, weights)
      cases.append((kernel, [input], kernel.output))
    }
    try expectEqual(cases, sparse: sparse)
  }

  @Test("Coded weights equal the reference in every storage", arguments: storages.indices)
  func coded(_ storage: Int) throws {
    let (name, weights) = Self.storages[storage]
    var kernels = RandomKernels("coded \(name)")
    var cases: [Case] = (Self.lines + [(1000, 9)]).map { (kernels.linear($0, $1, weights), [[$0]], [$1]) }
    for (input, op) in Self.convolutions {
      let kernel = try kernels.convolution(input, op, weights)
      cases.append((kernel, [input], kernel.output))
    }
    try expectEqual(cases, huffman: true)
  }

  @Test("Weights are coded where that takes fewer bytes, as many as the entropy and what decodes say")
  func codedBytes() throws {
    // Half of 4,096 weights are zero, a quarter are one, and so on: 1.98 bits each instead of four.
    let values = (0..<4096).map { Int8(min((~$0 & ($0 + 1)).trailingZeroBitCount, 7)) }
    let skewed: WeightMaker = { _, _ in IntegerWeights(values: values, storage: .dense(bits: 4)) }
    var kernels = RandomKernels("coded bytes")
    func source(_ weights: WeightMaker, _ storage: CStorage) throws -> (text: String, bytes: Int) {
      let program = RandomKernels.program(kernels.linear(64, 64, weights), inputs: [[64]], output: [64])
      let source = CSource(try CNetwork(program, storage), name: "n", pixels: nil)
      return (String(decoding: source.program.source, as: UTF8.self), source.program.weightBytes)
    }
    let plain = try source(skewed, CStorage())
    let coded = try source(skewed, CStorage(huffman: true))
    #expect(!plain.text.contains("n_decode(") && coded.text.contains("n_decode("))
    let bits = values.reduce(0) { $0 + min(Int($1) + 1, 7) }
    #expect(plain.bytes - coded.bytes == 2048 - ((bits + 7) / 8 + 2 * 7 + 8))
    // Random bytes have no shorter code.
    #expect(try !source(RandomKernels.dense(8), CStorage(huffman: true)).text.contains("n_decode("))
  }

  @Test(
    "Signs of inputs of one bit are counted, whatever the two numbers are and which of them is zero",
    arguments: [-1, 0, -128, 126, 57])
  func bits(least: Int) throws {
    var kernels = RandomKernels("bits \(least)")
    kernels.inputBounds = Int32(least)...Int32(least + 1)
    var cases: [Case] = (Self.lines + [(2305, 3), (8, 1)]).map {
      (kernels.linear($0, $1, exponent: -4, RandomKernels.signs), [[$0]], [$1])
    }
    for (input, op) in Self.convolutions {
      let kernel = try kernels.convolution(input, op, exponent: -2, RandomKernels.signs)
      cases.append((kernel, [input], kernel.output))
    }
    try expectEqual(cases, bytes: least...least + 1)
    let program = RandomKernels.program(cases[0].kernel, inputs: cases[0].inputs, output: cases[0].output)
    let text = String(
      decoding: CSource(try CNetwork(program), name: "n", pixels: nil).program.source, as: UTF8.self)
    #expect(text.contains("n_count_of_both(") && !text.contains("n_sum_of_set("))
  }

  @Test(
    "Sub-vectors are looked up while layers compute, with a table for all or for each place, and equal the reference",
    arguments: [false, true])
  func subVectors(hasOwnBooks: Bool) throws {
    var kernels = RandomKernels("sub-vectors")
    let lines = [(48, 60, 4), (96, 50, 3), (400, 90, 80), (7, 40, 1), (130, 40, 5)]
    var cases: [Case] = lines.map { inputs, outputs, width in
      let weights = RandomKernels.vectors(width: width, books: hasOwnBooks ? inputs / width : 1, count: 2)
      return (kernels.linear(inputs, outputs, weights), [[inputs]], [outputs])
    }
    let convolutions: [(Shape, Conv2D, width: Int)] = [
      ([3, 7, 5], Conv2D(filters: 25, kernel: 3, padding: 1), 9),
      ([8, 5, 6], Conv2D(filters: 16, kernel: Extent(3, 2), stride: Extent(2, 1)), 6),
      ([8, 5, 6], Conv2D(filters: 16, kernel: 3, padding: 1), 18),
      ([6, 5, 5], Conv2D(filters: 24, kernel: 3, padding: 2, dilation: 2, groups: 2), 9),
      ([8, 4, 4], Conv2D(filters: 40, kernel: 1), 4),
      ([24, 5, 4], Conv2D(filters: 24, kernel: 3, stride: 2, padding: 1, groups: 24), 9),
      ([4, 5, 5], Conv2D(filters: 30, kernel: 3), 6),
    ]
    for (input, op, width) in convolutions {
      let books = hasOwnBooks ? input[0] / op.groups * op.kernel.count / width : 1
      let kernel = try kernels.convolution(
        input, op, RandomKernels.vectors(width: width, books: books, count: 2))
      cases.append((kernel, [input], kernel.output))
    }
    try expectEqual(cases)
    let lookedUp = try cases.map { item in
      let program = RandomKernels.program(item.kernel, inputs: item.inputs, output: item.output)
      let source = CSource(try CNetwork(program), name: "n", pixels: nil)
      return String(decoding: source.program.source, as: UTF8.self).contains("n_vectors(")
    }
    // Indices of single weights take no fewer bytes; sub-vectors of two kernels, or of parts, are at unequal
    // distances.
    #expect(lookedUp == cases.indices.map { ![3, 7, 11].contains($0) })
  }

  @Test(
    "Survivors are kept where they take fewer bytes, or as the setting says",
    arguments: [
      (0.1, CSparse.auto, true), (0.9, .auto, false), (0.1, .never, false), (0.9, .always, true),
      (0.0, .auto, true),
    ])
  func choice(kept: Double, sparse: CSparse, expected: Bool) throws {
    var kernels = RandomKernels("choice")
    let linear = kernels.linear(300, 20, RandomKernels.sparse(8, kept: kept))
    let program = RandomKernels.program(linear, inputs: [[300]], output: [20])
    let source = CSource(try CNetwork(program, CStorage(sparse: sparse)), name: "n", pixels: nil)
    let text = String(decoding: source.program.source, as: UTF8.self)
    #expect(text.contains("n_sparse(") == expected)
    // 7 bytes of bias and ratio for each output; 2 for each survivor and 2 for each row, or 1 for each
    // weight.
    let survivors = linear.products.weights.values.count { $0 != 0 }
    #expect(source.program.weightBytes >= 20 * 7 + (expected ? survivors * 2 + 40 : 6000))
    #expect(
      source.program.weightBytes <= 20 * 7 + (expected ? max(2, survivors * 2 + 40 + 2 * 20 * 2) : 6000))
  }

  @Test("Ratios from far below to far above one equal the reference")
  func ratios() throws {
    var kernels = RandomKernels("ratios")
    try expectEqual(
      [-40, -24, -16, -9, -3, -1, 0, 3, 14, 20].map { exponent in
        (kernels.linear(33, 6, exponent: exponent, RandomKernels.dense(8)), [[33]], [6])
      })
  }

  @Test("Ratios that are all powers of two become shifts, from 2^-60 to 2^6, and equal the reference")
  func shifts() throws {
    var kernels = RandomKernels("shifts")
    let kernel = RandomKernels.byShifts(
      kernels.linear(33, 70, RandomKernels.levels([1, 2, 4], bits: 3)), exponents: -60...6)
    try expectEqual([(kernel, [[33]], [70])])
    let program = RandomKernels.program(kernel, inputs: [[33]], output: [70])
    let text = String(
      decoding: CSource(try CNetwork(program), name: "n", pixels: nil).program.source, as: UTF8.self)
    #expect(text.contains("N_SHIFTS_ALONE 1") && !text.contains("n_multipliers_0["))
  }

  @Test("Pools, sums, tables, products, concatenations and moves equal the reference")
  func others() throws {
    var kernels = RandomKernels("others")
    let (shape, bounds): (Shape, ClosedRange<Int32>) = ([3, 4, 5], -100...120)
    let image: Shape = [3, 7, 5]
    let average = { (countsPadding: Bool) in
      IntegerAveragePool(
        input: image, output: [3, 4, 3], kernel: 3, stride: 2, padding: 1, countsPadding: countsPadding,
        inputZero: -7, ratio: 1.3, outputZero: 5, bounds: bounds)
    }
    let parts = [
      IntegerConcat.Part(count: 60, zero: 0, rescale: nil),
      IntegerConcat.Part(count: 60, zero: 11, rescale: Rescale(0.37)),
    ]
    let product = IntegerMultiply(
      input: shape, factor: shape, inputZero: 3, factorZero: -60, rescale: Rescale(0.01), outputZero: 7,
      bounds: bounds)
    let global = IntegerAveragePool(
      input: [5, 6, 6], output: [5, 1, 1], kernel: 6, stride: 6, padding: 0, countsPadding: true,
      inputZero: 9,
      ratio: 2, outputZero: -3, bounds: -128...127)
    let interpolation = IntegerInterpolation(
      input: shape, factor: 3, inputZero: 5, rescale: Rescale(1.7 / 36), outputZero: -3, bounds: bounds)
    try expectEqual([
      (
        IntegerMaxPool(input: image, output: [3, 4, 3], kernel: 3, stride: 2, padding: 1), [image], [3, 4, 3]
      ),
      (average(true), [image], [3, 4, 3]), (average(false), [image], [3, 4, 3]),
      (global, [[5, 6, 6]], [5, 1, 1]),
      (
        IntegerAdd(zeros: [3, -9], ratios: [0.3, 1.7], outputZero: -4, bounds: bounds), [shape, shape], shape
      ),
      (IntegerTable(table: kernels.bytes(256)), [shape], shape),
      // One value is decisions and scores.
      (
        IntegerTreeSum(
          depth: 2, classes: 8, decisionZero: -7, scoreZero: 20, rescale: Rescale(0.4), outputZero: 5,
          bounds: bounds), [[56], [56]], [8]
      ),
      (
        IntegerPrototypes(
          features: 60, prototypes: kernels.bytes(300), shift: 2, inputZero: -9, rescale: Rescale(0.01),
          outputScale: 1 / 255, outputZero: -128, bounds: -128...127), [shape], [5]
      ),
      (
        IntegerPrototypes(
          features: 7, prototypes: kernels.bytes(21, -3...3), shift: 7, inputZero: 0, rescale: Rescale(0.4),
          outputScale: 1 / 1500, outputZero: -30, bounds: bounds), [[7]], [3]
      ),
      (IntegerConcat(parts: parts, outputZero: -20, bounds: bounds), [shape, shape], [6, 4, 5]),
      (IntegerReshape(), [shape], [60]), (product, [shape, shape], shape),
      (IntegerUpsample(input: shape, factor: 2), [shape], [3, 8, 10]), (interpolation, [shape], [3, 12, 15]),
      (IntegerChannelShuffle(shape: [6, 3, 2], groups: 2), [[6, 3, 2]], [6, 3, 2]),
      (IntegerChannelSlice(shape: [6, 3, 2], start: 2, count: 3), [[6, 3, 2]], [3, 3, 2]),
    ])
  }
}
