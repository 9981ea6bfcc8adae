import Encodings
import Graphs
import Methods
import Ops
import Tensors
import TestSupport
import Testing

@Suite("Quantization-aware training with norms folded late and ranges that learn")
struct TrainedRangesTests {
  private func compress(
    _ method: QuantizationAwareTraining, _ graph: Graph, of original: Graph, progress: Double
  ) throws -> Rewrite {
    var compression = Compression(
      method, graph: graph, of: original, progress: progress, evidence: ImageEvidence(graph))
    return try method.compress(&compression)
  }

  private func method(
    bits: Int = 4, norms: NormHandling = .folded, ranges: RangeLearning = .fixed, refits: Int = 0
  ) -> QuantizationAwareTraining {
    var method = QuantizationAwareTraining()
    method.grids.bits = bits
    method.grids.calibration = .minmax
    (method.training.norms, method.training.ranges, method.training.refits) = (norms, ranges, refits)
    return method
  }

  private func outputs(_ graph: Graph) throws -> [Float] {
    let images = ImageEvidence(graph, images: 8, seed: 9).images
    return try #require(try ReferenceValues(graph, images).values[graph.outputs[0]]).values
  }

  @Test("What acts in training alone is taken away when it is done")
  func pacing() {
    #expect(method(norms: .late).pacing == .gradual(times: 1, share: 0.8) && method(norms: .late).settles)
    #expect(method(ranges: .lsq, refits: 3).pacing == .gradual(times: 4, share: 0.8))
    #expect(!method(refits: 3).settles && method(refits: 3).pacing == .gradual(times: 4, share: 0.8))
    #expect(!method().settles && method().pacing == .once)
  }

  @Test(
    "Integers fold with a norm behind them: the folded layer has the same ones, and computes the same",
    arguments: SmallGraph.allCases, [2, 4, 8])
  func folding(network: SmallGraph, bits: Int) throws {
    let original = try network.graph()
    var method = method(bits: bits, norms: .late)
    // The grid is so fine that rounding a bias moves no value far.
    method.grids.activationBits = 16
    let trained = try compress(method, original, of: original, progress: 0.5)
    try trained.graph.verify()
    let norms = original.foldableBatchNorms()
    for (producer, norm) in norms {
      #expect(trained.graph.node(named: norm)?.op is BatchNorm)
      #expect((trained.graph[.weight, of: producer]?.encoding as? Integer)?.bits == bits)
      #expect(trained.graph.values[producer] == nil)
    }
    let settled = try compress(method, trained.graph, of: original, progress: 1)
    try settled.graph.verify()
    #expect(settled.graph.hasEncodedValues)
    for (producer, norm) in norms {
      #expect(settled.graph.node(named: producer) == nil)
      let before = try #require(trained.graph[.weight, of: producer])
      let after = try #require(settled.graph[.weight, of: norm])
      let symbols = [before, after].map { parameter -> [Int] in
        let scales = (parameter.encoding as? Integer)?.scales ?? []
        let width = parameter.value.values.count / scales.count
        return parameter.projected.values.enumerated().map { Int(($1 / scales[$0 / width]).rounded()) }
      }
      #expect(symbols[0].map(abs) == symbols[1].map(abs), "\(norm)")
    }
    // Ranges stay. Only biases were rounded, to 32 bits, which moves few values across a rounding border.
    #expect(settled.graph.values.count == trained.graph.values.count)
    for (name, encoding) in trained.graph.values {
      #expect(settled.graph.values[name]?.isEqual(to: encoding) == true, "\(name)")
    }
    let (first, last) = (try outputs(trained.graph), try outputs(settled.graph))
    let size = first.reduce(0) { $0 + $1 * $1 }
    let moved = zip(first, last).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    #expect(moved <= 1e-3 * size)
  }

  @Test(
    "Each stored value but inputs and scores gets a step that is learned, and ends on the grid that it came to",
    arguments: SmallGraph.allCases, [RangeLearning.lsq, .pact])
  func steps(network: SmallGraph, ranges: RangeLearning) throws {
    let original = try network.graph()
    let method = method(ranges: ranges, refits: 1)
    let first = try compress(method, original, of: original, progress: 1.0 / 3)
    var graph = first.graph
    try graph.verify()
    let learned = graph.nodes.filter { $0.op is LearnedStep }
    #expect(!learned.isEmpty)
    let fixed = Set(graph.inputs.map(\.name) + graph.outputs)
    #expect(graph.values.keys.allSatisfy { fixed.contains($0) || graph.storedEncoding(of: $0) != nil })
    for node in learned { #expect(!fixed.contains(node.inputs[0]) && graph.values[node.inputs[0]] == nil) }
    // The ranges are doubled, as a training could do.
    for node in learned { graph[.step, of: node.name]?.value.values[0] *= 2 }
    let second = try compress(method, graph, of: original, progress: 2.0 / 3)
    for node in learned {
      let name = ParameterRole.step.name(of: node.name)
      #expect(second.graph.parameters[name] == graph.parameters[name])
      #expect(second.origin[name] == Origin(parameter: name))
    }
    let settled = try compress(method, second.graph, of: original, progress: 1).graph
    try settled.verify()
    #expect(settled.hasEncodedValues && !settled.nodes.contains { $0.op is LearnedStep })
    #expect(settled.nodes.map(\.name) == (try original.foldingBatchNorms()).nodes.map(\.name))
    for node in learned {
      let grid = try #require(settled.values[node.inputs[0]] as? IntegerValue)
      let op = try #require(node.op as? LearnedStep)
      #expect(grid.scale == graph[.step, of: node.name]?.value.values[0] && grid.bits == 8)
      #expect(grid.range == Float(-op.below) * grid.scale...Float(op.above) * grid.scale)
    }
  }

  @Test(
    "Without training both end at once as fixed ranges and folded norms do", arguments: SmallGraph.allCases)
  func atOnce(network: SmallGraph) throws {
    let original = try network.graph()
    let plain = try compress(method(), original, of: original, progress: 1).graph
    let late = try compress(method(norms: .late, ranges: .lsq), original, of: original, progress: 1).graph
    #expect(late.parameters.mapValues(\.projected) == plain.parameters.mapValues(\.projected))
    #expect(late.values.keys == plain.values.keys)
  }

  @Test("Late folding with one scale for all channels is refused")
  func perTensor() throws {
    let original = try SmallGraph.residual.graph()
    var method = method(norms: .late)
    method.grids.perChannel = false
    let message = errorMessage { _ = try compress(method, original, of: original, progress: 0.5) }
    #expect(message.contains("norms: late folding gives each channel its own scale"), "\(message)")
  }
}
