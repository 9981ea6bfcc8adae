import Encodings
import Graphs
import Methods
import Ops
import Tensors
import TestSupport
import Testing

@Suite("Bits of values: one for all, of their own, and of the network's edges")
struct ValueBitsTests {
  private func quantized<Method: CompressionMethod>(
    _ method: Method, _ graph: Graph, overrides: [String: Method?] = [:]
  ) throws -> Graph {
    var compression = Compression(method, graph: graph, evidence: ImageEvidence(graph), overrides: overrides)
    return try method.compress(&compression).graph
  }

  @Test("Inputs and scores have edgeBits, all others activationBits", arguments: SmallGraph.allCases)
  func edges(network: SmallGraph) throws {
    var method = PostTrainingQuantization()
    (method.grids.activationBits, method.grids.edgeBits) = (3, 8)
    let graph = try quantized(method, try network.graph())
    let edges = Set(graph.inputs.map(\.name) + graph.outputs)
    for (name, place) in graph.valuePlaces() where place == .stored {
      #expect(graph.values[name]?.bits == (edges.contains(name) ? 8 : 3), "\(name)")
    }
  }

  @Test("A layer's own activationBits are those of its value")
  func overrides() throws {
    let original = try SmallGraph.lenet.graph()
    var method = PostTrainingQuantization()
    method.grids.activationBits = 2
    let stored = original.nodes.map(\.name).filter { original.valuePlaces()[$0] == .stored }
    let own = try #require(stored.first)
    var six = method
    six.grids.activationBits = 6
    let graph = try quantized(method, original, overrides: [own: six])
    for name in stored { #expect(graph.values[name]?.bits == (name == own ? 6 : 2), "\(name)") }
  }

  @Test("So they are where the value is the rectifier's behind the layer, or the norm's between")
  func overridesOfLayers() throws {
    let original = try SmallGraph.residual.graph()
    let places = try original.foldingBatchNorms().valuePlaces()
    let (producer, norm) = try #require(
      original.foldableBatchNorms().first { places[$0.norm] != .stored })
    guard case .fused(let clamp)? = places[norm] else {
      Issue.record("no clamp behind \(norm)")
      return
    }
    var method = PostTrainingQuantization()
    method.grids.activationBits = 2
    var six = method
    six.grids.activationBits = 6
    for named in [producer, norm, clamp] {
      #expect(try quantized(method, original, overrides: [named: six]).values[clamp]?.bits == 6, "\(named)")
    }
  }

  @Test("One bit behind a rectifier is zero or a step, half of which is the border")
  func oneBit() throws {
    let grid = IntegerValue(bits: 1, covering: 0...3)
    #expect(grid.problem == nil && grid.integers == -1...0 && grid.zeroPoint == -1 && grid.scale == 3)
    let values: [Float] = [-2, 0, 1.4, 1.6, 3, 9]
    var projected = values
    var span = projected.mutableSpan
    grid.project(values.span, into: &span)
    #expect(projected == [0, 0, 0, 3, 3, 3])
    #expect(values.map { grid.value(grid.integer($0)) } == projected)
  }

  @Test(
    "One bit for values and weights: floats and integers compute the same", arguments: SmallGraph.allCases)
  func oneBitNetwork(network: SmallGraph) throws {
    let original = try network.graph()
    var method = BinaryWeights()
    (method.grids.activationBits, method.grids.edgeBits) = (1, 8)
    let graph = try quantized(method, original)
    try graph.verify()
    let bits = graph.values.filter { !graph.outputs.contains($0.key) && $0.key != graph.inputs[0].name }
    #expect(!bits.isEmpty)
    let values = try ReferenceValues(graph, ImageEvidence(original, images: 8, seed: 9).images).values
    for (name, encoding) in bits where graph.valuePlaces()[name] == .stored {
      let range = encoding.range
      #expect(encoding.bits == 1, "\(name)")
      #expect(
        values[name]?.values.allSatisfy { $0 == range.lowerBound || $0 == range.upperBound } == true,
        "\(name)")
    }
  }

  @Test("One bit about the zero point 0 is refused, which would have no positive number")
  func symmetric() throws {
    var method = PostTrainingQuantization()
    (method.grids.activationBits, method.grids.symmetric) = (1, true)
    let message = errorMessage { _ = try quantized(method, try SmallGraph.lenet.graph()) }
    #expect(message.contains("leave no positive number; leave symmetric off, or take two bits"), "\(message)")
    // In every run the first value of the network is named.
    #expect(message.hasPrefix("post-training-quantization: image:"), "\(message)")
  }

  @Test("Signs fold with a norm behind them", arguments: SmallGraph.allCases)
  func foldedSigns(network: SmallGraph) throws {
    let original = try network.graph()
    var method = BinaryWeights()
    method.training.norms = .late
    var first = Compression(
      method, graph: original, of: original, progress: 0.5, evidence: ImageEvidence(original))
    let trained = try method.compress(&first).graph
    var last = Compression(
      method, graph: trained, of: original, progress: 1, evidence: ImageEvidence(trained))
    let settled = try method.compress(&last).graph
    try settled.verify()
    #expect(settled.hasEncodedValues)
    for (producer, norm) in original.foldableBatchNorms() {
      #expect(trained.node(named: norm)?.op is BatchNorm)
      let before = try #require(trained[.weight, of: producer])
      let after = try #require(settled[.weight, of: norm])
      #expect(after.encoding is Binary)
      let scale = try #require(trained[.scale, of: norm]).value.values
      let width = before.value.values.count / scale.count
      for (i, pair) in zip(before.projected.values, after.projected.values).enumerated() {
        #expect((pair.0 * scale[i / width] > 0) == (pair.1 > 0))
      }
    }
  }

  @Test("Powers of two and what would leave none are refused together")
  func powers() throws {
    var method = BinaryWeights()
    method.powerOfTwoScales = true
    method.training.ranges = .lsq
    let message = errorMessage { _ = try quantized(method, try SmallGraph.lenet.graph()) }
    #expect(message.contains("powers of two are not possible with norms: late"), "\(message)")
  }
}
