import Encodings
import Execution
import Graphs
import Ops
import Tensors
import TestSupport
import Testing

@Suite("Programs of graphs")
struct IntegerLoweringTests {
  private func quantized(_ graph: Graph, batch: Int = 4, bits: Int = 8) throws -> (
    graph: Graph, images: [Float]
  ) {
    let images = graph.inputs.enumerated().flatMap { index, input in
      Tensor(random: Shape([batch] + input.shape.dimensions), in: -3...4, seed: UInt64(index), "images")
        .values
    }
    return (try graph.quantized(calibratedOn: images, batch: batch, bits: bits), images)
  }

  @Test(
    "Every op computes what its simulation does, to a step, on every example", arguments: OpCase.withIntegers)
  func ops(example: OpCase) throws {
    let (graph, images) = try quantized(try example.graph(), batch: 16)
    guard IntegerProgram.refusal(of: graph) == nil else {
      Issue.record("\(example) has no integer kernel")
      return
    }
    let agreement = try IntegerAgreement(graph, images: images, batch: 16)
    // Quarters on equal grids are often halfway between two steps; integers then round up, floats to even.
    let program = try IntegerProgram(graph)
    for (step, difference) in zip(program.steps, agreement.steps) {
      let tied = step.kernel is IntegerInterpolation ? 4 : 50
      #expect(difference.largest <= 1, "\(difference)")
      #expect(difference.differing * tied <= difference.count, "\(difference)")
    }
  }

  @Test("Every small network agrees with its simulation, each step to a step", arguments: SmallGraph.allCases)
  func networks(network: SmallGraph) throws {
    let (graph, images) = try quantized(try network.graph(), batch: 32)
    let agreement = try IntegerAgreement(graph, images: images, batch: 32)
    for difference in agreement.steps { #expect(difference.largest <= 1, "\(difference)") }
    // The differences of single steps add up here, because random weights do not reduce them.
    for difference in agreement.outputs { #expect(difference.largest <= 4, "\(difference)") }
  }

  @Test("Four bits agree as eight do", arguments: [SmallGraph.residual, .separable, .lenet])
  func nibbles(network: SmallGraph) throws {
    let (graph, images) = try quantized(try network.graph(), batch: 16, bits: 4)
    let agreement = try IntegerAgreement(graph, images: images, batch: 16)
    for difference in agreement.steps { #expect(difference.largest <= 1, "\(difference)") }
    let program = try IntegerProgram(graph)
    #expect(program.values.allSatisfy { $0.bounds == -8...7 })
  }

  @Test("A clamp becomes bounds of what it alone reads, dropouts vanish, and a softmax is left to the host")
  func structure() throws {
    let (graph, _) = try quantized(try SmallGraph.lenet.graph())
    let program = try IntegerProgram(graph)
    #expect(
      program.steps.map(\.node) == ["conv1", "pool1", "relu1", "conv2", "pool2", "flat", "hidden", "logits"])
    #expect(
      program.values.map(\.name) == [
        "image", "conv1", "pool1", "relu1", "relu2", "pool2", "flat", "relu3", "logits",
      ])
    #expect(
      program.steps.map(\.kernel.kind) == [
        "convolution", "max-pool", "table", "convolution", "average-pool", "reshape", "linear", "linear",
      ])
    let clamped = try #require(program.steps[3].kernel as? IntegerConvolution)
    #expect(clamped.products.bounds == program.values[4].zeroPoint...127)
    let dropout = try IntegerProgram(try quantized(try SmallGraph.dropout.graph()).graph)
    #expect(dropout.steps.map(\.node) == ["conv", "flat", "hidden", "logits"])
    let shuffled = try IntegerProgram(try quantized(try SmallGraph.shuffled.graph()).graph)
    #expect(shuffled.outputs.map { shuffled.values[$0].name } == ["scores"])
  }

  @Test("Weights are the encoding's integers, whichever way they are stored")
  func storage() throws {
    let (original, _) = try quantized(try SmallGraph.lenet.graph())
    let weight = try #require(original.parameters["conv1.weight"]).value
    let mask = Mask(weight.values.map { $0 > 0 })
    let grid = Integer(bits: 6, scales: [0.02])
    let codebook = Codebook(
      assignments: weight.values.map { $0 < -0.1 ? 0 : $0 < 0.2 ? 1 : 2 }, count: 3, hasZero: false,
      grid: grid)
    func weights(_ encoding: any Encoding) throws -> IntegerWeights {
      var graph = original
      graph.parameters["conv1.weight"]?.encoding = encoding
      let projected = try #require(graph.parameters["conv1.weight"]).projected.values
      let kernel = try #require(try IntegerProgram(graph).steps[0].kernel as? IntegerConvolution)
      #expect(kernel.products.weights.values.map { Float($0) * 0.02 } == projected)
      return kernel.products.weights
    }
    #expect(try weights(grid).storage == .dense(bits: 6))
    #expect(try weights(Sparse(mask: mask, inner: grid)).storage == .sparse(mask, bits: 6))
    let shared = try weights(codebook)
    guard case .codebook(let indices, let table, let bits) = shared.storage else {
      Issue.record("\(shared.storage)")
      return
    }
    #expect(bits == 2 && table.count == 3 && indices.map { table[Int($0)] } == shared.values)
    guard case .codebook(let masked, let zeroed, _) = try weights(Sparse(mask: mask, inner: codebook)).storage
    else {
      Issue.record("a masked codebook is one")
      return
    }
    #expect(zeroed[0] == 0 && masked.indices.allSatisfy { mask[$0] || masked[$0] == 0 })
  }

  @Test("Sub-vectors become indices and a table, hashed weights are written out; so are both under a mask")
  func tied() throws {
    let (original, _) = try quantized(try SmallGraph.lenet.graph())
    let weight = try #require(original.parameters["conv2.weight"]).value
    let mask = Mask(weight.values.indices.map { $0 % 3 > 0 })
    let grid = Integer(bits: 6, scales: [0.02])
    func weights(_ encoding: any Encoding) throws -> IntegerWeights {
      var graph = original
      graph.parameters["conv2.weight"]?.encoding = encoding
      let projected = try #require(graph.parameters["conv2.weight"]).projected.values
      let step = try #require(try IntegerProgram(graph).steps.first { $0.node == "conv2" })
      let kernel = try #require(step.kernel as? IntegerConvolution)
      #expect(kernel.products.weights.values.map { Float($0) * 0.02 } == projected)
      #expect(Set(projected).count > 4)
      return kernel.products.weights
    }
    let assignments = (0..<24).map { UInt32($0 * $0 % 5 % 3) }
    for hasOwnBooks in [false, true] {
      let product = ProductCodebook(
        assignments: assignments, subspaces: 4, width: 9, count: 3, hasOwnBooks: hasOwnBooks, grid: grid)
      let shared = try weights(product)
      guard case .vectors(let vectors) = shared.storage else {
        Issue.record("\(shared.storage)")
        return
      }
      #expect(vectors.indices == assignments.map { UInt8($0) } && vectors.width == 9 && vectors.bits == 6)
      #expect(vectors.books == (hasOwnBooks ? 4 : 1) && vectors.table.count == 27 * vectors.books)
      let lookedUp = vectors.indices.enumerated().flatMap { place, index in
        let entry = ((hasOwnBooks ? place % 4 : 0) * 3 + Int(index)) * 9
        return vectors.table[entry..<entry + 9]
      }
      #expect(lookedUp == shared.values)
      #expect(try weights(Sparse(mask: mask, inner: product)).storage == .sparse(mask, bits: 6))
    }
    let hashed = Hashed(shape: weight.shape, count: 20, seed: 1, grid: grid)
    #expect(try weights(hashed).storage == .dense(bits: 6))
    #expect(try weights(Sparse(mask: mask, inner: hashed)).storage == .sparse(mask, bits: 6))
    var real = original
    real.parameters["conv2.weight"]?.encoding = hashed.onGrid(nil)
    #expect(errorMessage { _ = try IntegerProgram(real) }.contains("share real numbers"))
  }

  @Test("Powers of two become bytes with their symbols, under a mask too")
  func levels() throws {
    let (original, _) = try quantized(try SmallGraph.lenet.graph())
    let weight = try #require(original.parameters["conv1.weight"]).value
    let mask = Mask(weight.values.map { $0 > 0 })
    let powers = PowersOfTwo(levels: LevelSet(termBits: 4), exponents: [-6])
    for encoding in [powers, Sparse(mask: mask, inner: powers)] as [any Encoding] {
      var graph = original
      graph.parameters["conv1.weight"]?.encoding = encoding
      let projected = try #require(graph.parameters["conv1.weight"]).projected.values
      let weights = try #require(try IntegerProgram(graph).steps[0].kernel as? IntegerConvolution).products
        .weights
      #expect(weights.values.map { Float($0) / 64 } == projected)
      guard case .levels(let symbols, let magnitudes, let bits) = weights.storage else {
        Issue.record("\(weights.storage)")
        return
      }
      #expect(bits == 4 && magnitudes == [1, 2, 4, 8, 16, 32, 64])
      // The highest bit is the sign; the rest is 0 for zero or n + 1 for 2^n.
      let decoded = symbols.map { ($0 & 8 == 0 ? 1 : -1) * Int8((1 << Int($0 & 7)) >> 1) }
      #expect(decoded == weights.values)
    }
  }

  @Test("Signs become ones, and a mask's zeros beside them two bits")
  func signs() throws {
    let (original, _) = try quantized(try SmallGraph.lenet.graph())
    let weight = try #require(original.parameters["conv1.weight"]).value
    let mask = Mask(weight.values.indices.map { $0 % 3 > 0 })
    let signs = Binary(scales: [0.25])
    for encoding in [signs, Sparse(mask: mask, inner: signs)] as [any Encoding] {
      var graph = original
      graph.parameters["conv1.weight"]?.encoding = encoding
      let projected = try #require(graph.parameters["conv1.weight"]).projected.values
      let weights = try #require(try IntegerProgram(graph).steps[0].kernel as? IntegerConvolution).products
        .weights
      #expect(weights.values.map { Float($0) / 4 } == projected)
      #expect(weights.storage == (encoding is Sparse ? .sparse(mask, bits: 2) : .signs))
    }
  }

  @Test("ReLU6 is a bound above too")
  func upperBound() throws {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [2])])
    try graph.append(Linear(features: 1), name: "sum", inputs: ["image"])
    try graph.append(ReLU6(), name: "clamped", inputs: ["sum"])
    graph.outputs = ["clamped"]
    graph.parameters["sum.weight"] = Parameter(
      Tensor([1, 1], shape: [1, 2]), encoding: Integer(bits: 8, scales: [1]))
    graph.parameters["sum.bias"] = Parameter(Tensor(zeros: [1]), encoding: Integer(bits: 32, scales: [1]))
    graph.values["image"] = IntegerValue(scale: 1, zeroPoint: 0)
    graph.values["clamped"] = IntegerValue(scale: 0.0625, zeroPoint: -100)
    let program = try IntegerProgram(graph)
    #expect((program.steps[0].kernel as? IntegerLinear)?.products.bounds == -100 ... -4)
    #expect(program.values(of: [[3, 4]])[1] == [-4])
    #expect(program.values(of: [[3, 1]])[1] == [-36])
  }

  @Test("A batch norm that nothing can take in is exact in its factor and finely divided in its offset")
  func batchNorm() throws {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [3, 2, 2])])
    try graph.append(BatchNorm(epsilon: 1e-12), name: "norm", inputs: ["image"])
    graph.outputs = ["norm"]
    for (role, values) in [
      ("scale", [2, 0, -0.5]), ("shift", [1, 3, 1e5]), ("mean", [0.5, 7, 0]), ("variance", [4, 1, 1]),
    ] as [(String, [Float])] {
      graph.parameters["norm.\(role)"] = Parameter(Tensor(values, shape: [3]))
    }
    graph.values["image"] = IntegerValue(scale: 0.5, zeroPoint: 10)
    graph.values["norm"] = IntegerValue(scale: 0.25, zeroPoint: -20)
    let kernel = try #require(try IntegerProgram(graph).steps[0].kernel as? IntegerConvolution)
    // y = x + 0.5; y = 3; y = 100,000 - x/2.
    let image: [Int8] = [10, 11, 12, 13, 9, 9, 9, 9, 10, 20, 30, 40]
    #expect(kernel.forward([image]) == [-18, -16, -14, -12, -8, -8, -8, -8, 127, 127, 127, 127])
  }

  @Test("Pixels become integers by a table a channel")
  func pixels() throws {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [2, 1, 1])])
    try graph.append(Flatten(), name: "flat", inputs: ["image"])
    graph.outputs = ["flat"]
    graph.values["image"] = IntegerValue(scale: 0.5, zeroPoint: -28)
    let program = try IntegerProgram(graph)
    let tables = program.pixelTables(InputDescription(shape: [2, 1, 1], mean: [100, 0], deviation: [2, 1]))
    #expect(tables.map(\.count) == [256, 256])
    #expect(tables[0][0] == -128 && tables[0][100] == -28 && tables[0][103] == -25 && tables[0][255] == 127)
    #expect(tables[1][0] == -28 && tables[1][1] == -26)
    #expect(program.values[0].number(tables[0][103]) == 1.5)
  }
}
