import Encodings
import Execution
import Graphs
import Ops
import Tensors
import TestSupport
import Testing

@testable import Methods

@Suite("Weights that are powers of two")
struct PowersOfTwoWeightsTests {
  private func quantized(
    _ graph: Graph, _ method: PowersOfTwoWeights = PowersOfTwoWeights(), progress: Double = 1,
    of original: Graph? = nil
  ) throws -> Graph {
    var compression = Compression(
      method, graph: graph, of: original ?? graph, progress: progress,
      evidence: ImageEvidence(original ?? graph))
    return try method.compress(&compression).graph
  }

  @Test("Every scale is a power of two, and so is every ratio of the program", arguments: SmallGraph.allCases)
  func powers(network: SmallGraph) throws {
    let graph = try quantized(try network.graph())
    try graph.verify()
    for (name, value) in graph.values {
      let encoding = try #require(value as? IntegerValue)
      #expect(encoding.scale.significand == 1, "\(name)")
    }
    let program = try IntegerProgram(graph)
    var layers = 0
    for step in program.steps {
      guard
        let products = (step.kernel as? IntegerConvolution)?.products
          ?? (step.kernel as? IntegerLinear)?.products,
        !(graph.node(named: step.node)?.op is BatchNorm)
      else { continue }
      layers += 1
      for value in products.weights.values {
        #expect(value == 0 || (value.magnitude & (value.magnitude - 1) == 0 && value.magnitude <= 64))
      }
      for rescale in products.rescales {
        #expect(rescale.multiplier > 0 && rescale.multiplier & (rescale.multiplier - 1) == 0)
      }
    }
    #expect(layers > 1)
  }

  @Test("The program agrees with the simulation, a step at a time", arguments: SmallGraph.allCases)
  func agrees(network: SmallGraph) throws {
    let original = try network.graph()
    let evidence = ImageEvidence(original, images: 32)
    let agreement = try IntegerAgreement(quantized(original), images: evidence.images.values, batch: 32)
    for difference in agreement.steps { #expect(difference.largest <= 1, "\(difference)") }
  }

  @Test("An exponent has the least squared error of all")
  func exponents() throws {
    let weight = Tensor(random: [3, 50], in: -1...1, seed: 2)
    for rounding in [LevelRounding.linear, .log] {
      let levels = LevelSet(termBits: 4)
      let found = try #require(
        PowersOfTwo(levels: levels, rounding: rounding, of: weight, floors: [0, 0, 0], perChannel: true))
      func errors(_ exponents: [Int]) -> [Float] {
        let encoding = PowersOfTwo(levels: levels, rounding: rounding, exponents: exponents)
        let projected = Parameter(weight, encoding: encoding).projected.values
        return (0..<3).map { row in
          (row * 50..<(row + 1) * 50).reduce(0) { sum, i in
            sum + (weight.values[i] - projected[i]) * (weight.values[i] - projected[i])
          }
        }
      }
      let least = errors(found.exponents)
      for exponent in -14...2 {
        for (error, best) in zip(errors([exponent, exponent, exponent]), least) { #expect(error >= best) }
      }
    }
  }

  @Test("Scales never fall below their floors")
  func floors() throws {
    let weight = Tensor(random: [2, 9], in: -1...1, seed: 2)
    let found = try #require(
      PowersOfTwo(
        levels: LevelSet(termBits: 4), rounding: .linear, of: weight, floors: [0.25, 3], perChannel: true))
    #expect(found.exponents == [-2, 2])
  }

  @Test("A coarser grid reaches as far; a finer one is taken for a smaller error")
  func values() {
    var histogram = ValueHistogram()
    _ = histogram.add((0..<1000).map { Float($0) / 1000 * 3.1 })
    let encoding = IntegerValue(bits: 8, covering: 0...3.1)
    let coarse = encoding.onPowerOfTwo(histogram, clamps: false)
    #expect(coarse.scale == 1 / 64 && coarse.zeroPoint == -128 && coarse.range.upperBound >= 3.1)
    #expect(encoding.onPowerOfTwo(histogram, clamps: true) == coarse)
    var narrow = ValueHistogram()
    _ = narrow.add((0..<1000).map { Float($0) / 1000 })
    _ = narrow.add([3.1])
    #expect(IntegerValue(bits: 4, covering: 0...3.1).onPowerOfTwo(narrow, clamps: true).scale == 0.125)
    #expect(coarse.onPowerOfTwo(histogram, clamps: true) == coarse)
  }

  @Test("Shares of the weights are frozen one after another, the largest first, and stay what they are")
  func incremental() throws {
    let original = try SmallGraph.lenet.graph()
    var method = PowersOfTwoWeights()
    method.incremental = true
    #expect(method.pacing == .gradual(times: 4, share: 0.75))
    var graph = original
    var before: [String: Frozen] = [:]
    for (point, share) in [0.5, 0.75, 0.875].enumerated() {
      graph = try quantized(graph, method, progress: Double(point + 1) / 4, of: original)
      for name in ["conv1.weight", "logits.weight"] {
        let parameter = try #require(graph.parameters[name])
        let frozen = try #require(parameter.encoding as? Frozen)
        let count = parameter.value.values.count
        #expect(frozen.mask.survivorCount == Int((share * Double(count)).rounded()))
        let projected = parameter.projected.values
        let whole = Parameter(Tensor(projected, shape: parameter.value.shape), encoding: frozen.inner)
          .projected
        for i in 0..<count where frozen.mask[i] { #expect(projected[i] == whole.values[i]) }
        for i in 0..<count where !frozen.mask[i] { #expect(projected[i] == parameter.value.values[i]) }
        if let earlier = before[name] {
          for i in 0..<count where earlier.mask[i] {
            #expect(frozen.mask[i] && frozen.values[i] == earlier.values[i])
          }
        } else {
          let least =
            (0..<count).filter { frozen.mask[$0] }.map { parameter.value.values[$0].magnitude }.min() ?? 0
          #expect((0..<count).allSatisfy { frozen.mask[$0] || parameter.value.values[$0].magnitude <= least })
        }
        before[name] = frozen
        // Training moves free weights, and weight decay moves fixed ones; the quantized numbers must stay.
        graph.parameters[name]?.value.values = parameter.value.values.map { $0 * 0.9 }
      }
    }
    graph = try quantized(graph, method, progress: 1, of: original)
    for (name, frozen) in before {
      let parameter = try #require(graph.parameters[name])
      #expect(parameter.encoding is PowersOfTwo)
      for i in frozen.values.indices where frozen.mask[i] {
        #expect(parameter.projected.values[i] == frozen.values[i])
      }
    }
  }

  @Test("Weights have the bits of their terms; numbers of an alphabet are bytes, whatever the other settings")
  func bits() throws {
    var method = PowersOfTwoWeights()
    (method.bits, method.terms) = (3, 2)
    #expect(method.weightBits == 6)
    (method.bits, method.terms) = (2, 1)
    #expect(method.weightBits == 2)
    for numbers in [LevelFamily.alphabet1, .alphabet3, .alphabet7] {
      method.numbers = numbers
      #expect(method.weightBits == 8)
      let graph = try quantized(try SmallGraph.lenet.graph(), method)
      let encoding = try #require(graph.parameters["logits.weight"]?.encoding as? PowersOfTwo)
      // A magnitude of more than four bits is no term of two.
      #expect(encoding.levels.magnitudes.last ?? 0 > 64)
    }
  }

  @Test("Masks of earlier pruning stay; shared numbers are refused")
  func mixes() throws {
    var graph = try SmallGraph.lenet.graph()
    let weight = try #require(graph.parameters["logits.weight"]).value
    let mask = Mask(weight.values.indices.map { $0 % 3 == 0 })
    graph.parameters["logits.weight"] = Parameter(weight, encoding: Sparse(mask: mask))
    let sparse = try #require(try quantized(graph).parameters["logits.weight"]?.encoding as? Sparse)
    #expect(sparse.inner is PowersOfTwo && sparse.mask == mask)
    graph.parameters["logits.weight"] = Parameter(
      weight, encoding: Codebook(assignments: weight.values.map { $0 < 0 ? 0 : 1 }, count: 2, hasZero: false))
    #expect(errorMessage { _ = try quantized(graph) }.contains("stored as codebook already"))
  }
}
