import Encodings
import Execution
import Graphs
import Ops
import Tensors
import TestSupport
import Testing

@testable import Methods

@Suite("Weights of one bit")
struct BinaryWeightsTests {
  private func quantized(
    _ graph: Graph, _ method: BinaryWeights = BinaryWeights(), overrides: [String: BinaryWeights?] = [:]
  ) throws -> Graph {
    var compression = Compression(method, graph: graph, evidence: ImageEvidence(graph), overrides: overrides)
    return try method.compress(&compression).graph
  }

  @Test(
    "Scales are the mean magnitudes of channels after folding, and programs agree",
    arguments: SmallGraph.allCases)
  func scales(network: SmallGraph) throws {
    let original = try network.graph()
    let graph = try quantized(original)
    try graph.verify()
    var layers = 0
    for node in graph.nodes where node.op is any ProductOp {
      let weight = try #require(graph[.weight, of: node.name])
      let scales = try #require(weight.encoding as? Binary).scales
      layers += 1
      let width = weight.value.values.count / scales.count
      for (channel, scale) in scales.enumerated() {
        let row = weight.value.values[channel * width..<(channel + 1) * width]
        let mean = row.reduce(0) { $0 + $1.magnitude } / Float(width)
        #expect((mean - scale).magnitude <= 1e-5 * scale)
      }
    }
    #expect(layers > 1)
    let evidence = ImageEvidence(original, images: 32)
    let agreement = try IntegerAgreement(graph, images: evidence.images.values, batch: 32)
    for difference in agreement.steps { #expect(difference.largest <= 1, "\(difference)") }
  }

  @Test("With scales of powers of two all ratios are such, and scales within a factor of √2")
  func powers() throws {
    var method = BinaryWeights()
    let plain = try quantized(try SmallGraph.lenet.graph(), method)
    method.powerOfTwoScales = true
    let graph = try quantized(try SmallGraph.lenet.graph(), method)
    for step in try IntegerProgram(graph).steps {
      let products =
        (step.kernel as? IntegerConvolution)?.products ?? (step.kernel as? IntegerLinear)?.products
      for rescale in products?.rescales ?? [] { #expect(rescale.multiplier == 1 << 14) }
    }
    let scales = try #require(graph.parameters["logits.weight"]?.encoding as? Binary).scales
    let means = try #require(plain.parameters["logits.weight"]?.encoding as? Binary).scales
    for (scale, mean) in zip(scales, means) {
      #expect(scale.significand == 1 && max(scale / mean, mean / scale) < 1.4143)
    }
  }

  @Test("A layer may keep bytes; masked weights are zero, of two bits in programs")
  func mixes() throws {
    var bytes = BinaryWeights()
    bytes.numbers = .bytes
    var graph = try SmallGraph.lenet.graph()
    let weight = try #require(graph.parameters["logits.weight"]).value
    let mask = Mask(weight.values.indices.map { $0 % 3 == 0 })
    graph.parameters["logits.weight"] = Parameter(weight, encoding: Sparse(mask: mask))
    let rewritten = try quantized(graph, overrides: ["conv1": bytes])
    #expect((rewritten.parameters["conv1.weight"]?.encoding as? Integer)?.bits == 8)
    let sparse = try #require(rewritten.parameters["logits.weight"]?.encoding as? Sparse)
    #expect(sparse.inner is Binary && sparse.mask == mask)
    #expect(try IntegerProgram(rewritten).steps.count > 1)
  }

  @Test("A layer that a norm is folded into keeps the settings of its own name")
  func behindNorms() throws {
    var bytes = BinaryWeights()
    bytes.numbers = .bytes
    let graph = try SmallGraph.residual.graph()
    let folded = try #require(graph.foldableBatchNorms().first)
    let rewritten = try quantized(graph, overrides: [folded.producer: bytes])
    #expect((rewritten[.weight, of: folded.norm]?.encoding as? Integer)?.bits == 8)
    #expect(rewritten.parameters["logits.weight"]?.encoding is Binary)
  }

  @Test("The scale of masked weights is the mean of those that are left")
  func maskedScales() throws {
    var graph = try SmallGraph.lenet.graph()
    let weight = try #require(graph.parameters["logits.weight"]).value
    let mask = Mask(weight.values.indices.map { $0 % 10 == 0 })
    graph.parameters["logits.weight"] = Parameter(weight, encoding: Sparse(mask: mask))
    let sparse = try #require(try quantized(graph).parameters["logits.weight"]?.encoding as? Sparse)
    let scales = try #require(sparse.inner as? Binary).scales
    let width = weight.values.count / scales.count
    for (channel, scale) in scales.enumerated() {
      let left = (channel * width..<(channel + 1) * width).filter { mask[$0] }.map {
        weight.values[$0].magnitude
      }
      guard !left.isEmpty else { continue }
      #expect(abs(scale - left.reduce(0, +) / Float(left.count)) < 1e-5 * scale)
    }
  }

  @Test("Bytes of a codebook have one scale for all")
  func codebooks() throws {
    var bytes = BinaryWeights()
    bytes.numbers = .bytes
    var graph = try SmallGraph.lenet.graph()
    let weight = try #require(graph.parameters["logits.weight"]).value
    let codebook = Codebook(assignments: weight.values.map { $0 < 0 ? 0 : 1 }, count: 2, hasZero: false)
    graph.parameters["logits.weight"] = Parameter(weight, encoding: codebook)
    let rewritten = try quantized(graph, overrides: ["logits": bytes])
    #expect((rewritten.parameters["logits.weight"]?.encoding as? Codebook)?.grid?.scales.count == 1)
  }

  @Test(
    "Two bits by least squares are ternary weights: no threshold and scale do better by more than the search's step"
  )
  func ternary() throws {
    let weight = Tensor(random: [1, 400], in: -1...1, seed: 6)
    let grid = WeightGrid(bits: 2, perChannel: true, minimizesError: true)
    let encoding = try #require(grid.encoding(of: weight, floors: [0]))
    let projected = Parameter(weight, encoding: encoding).projected.values
    #expect(Set(projected.map { ($0 / encoding.scales[0]).rounded() }) == [-1, 0, 1])
    let found = zip(weight.values, projected).reduce(0.0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }
    // For the k largest weights the best scale is their mean magnitude, and the error is Σw² - (Σ|w|)²/k (Li,
    // Liu 2016).
    let sorted = weight.values.map { Double($0.magnitude) }.sorted(by: >)
    let whole = sorted.reduce(0) { $0 + $1 * $1 }
    var (sum, least) = (0.0, Double.infinity)
    for (index, magnitude) in sorted.enumerated() {
      sum += magnitude
      least = min(least, whole - sum * sum / Double(index + 1))
    }
    #expect(found >= least - 1e-4 && found <= 1.01 * least, "\(found) against \(least)")
  }
}
