import Encodings
import Graphs
import Ops
import Tensors
import TestSupport
import Testing

@testable import Methods

@Suite("Ranges that are found anew while a network trains")
struct RefittedRangesTests {
  private func method() -> QuantizationAwareTraining {
    var method = QuantizationAwareTraining()
    method.grids.bits = 4
    // Every weight is within range, so scales are known.
    method.grids.calibration = .minmax
    method.training.refits = 3
    return method
  }

  private func compress(
    _ graph: Graph, of original: Graph, progress: Double,
    overrides: [String: QuantizationAwareTraining?] = [:]
  ) throws -> Rewrite {
    var compression = Compression(
      method(), graph: graph, of: original, progress: progress, evidence: ImageEvidence(graph),
      overrides: overrides)
    return try method().compress(&compression)
  }

  @Test("Without refits the method acts once; with three it acts four times")
  func pacing() {
    #expect(QuantizationAwareTraining().pacing == .once)
    #expect(method().pacing == .gradual(times: 4, share: 0.8))
  }

  @Test(
    "Weights that have doubled get scales twice as large, and stay what they are",
    arguments: SmallGraph.allCases)
  func scales(network: SmallGraph) throws {
    let original = try network.graph()
    var graph = try compress(original, of: original, progress: 0.25).graph
    let before = graph
    let weights = before.parameters.filter { ($0.value.encoding as? Integer)?.bits == 4 }
    #expect(!weights.isEmpty)
    for name in weights.keys {
      graph.parameters[name]?.value.values = weights[name]?.value.values.map { $0 * 2 } ?? []
    }
    let rewrite = try compress(graph, of: original, progress: 0.5)
    try rewrite.graph.verify()
    #expect(Set(rewrite.origin.keys) == Set(graph.parameters.keys))
    for (name, weight) in weights {
      let refitted = try #require(rewrite.graph.parameters[name])
      let scales = try #require(refitted.encoding as? Integer).scales
      #expect(scales == (weight.encoding as? Integer)?.scales.map { $0 * 2 }, "\(name)")
      #expect(refitted.value.values == weight.value.values.map { $0 * 2 }, "\(name)")
    }
    for node in rewrite.graph.nodes where node.op is any ProductOp {
      guard let bias = rewrite.graph[.bias, of: node.name]?.encoding as? Integer,
        let weight = rewrite.graph[.weight, of: node.name]?.encoding as? Integer
      else { continue }
      let input = try #require(rewrite.graph.storedEncoding(of: node.inputs[0]) as? IntegerValue)
      #expect(bias.scales == weight.scales.map { $0 * input.scale }, "\(node.name)")
    }
  }

  @Test("Masks stay, and so do the settings of a layer that a norm was folded into")
  func masksAndOverrides() throws {
    var original = try SmallGraph.residual.graph()
    let folded = try #require(original.foldableBatchNorms().first)
    let name = ParameterRole.weight.name(of: "logits")
    let weight = try #require(original.parameters[name]).value
    let mask = Mask(weight.values.indices.map { $0 % 3 > 0 })
    original.parameters[name]?.encoding = Sparse(mask: mask)
    var wide = method()
    wide.grids.bits = 8
    let overrides: [String: QuantizationAwareTraining?] = [folded.producer: wide]
    let first = try compress(original, of: original, progress: 0.25, overrides: overrides).graph
    let second = try compress(first, of: original, progress: 0.5, overrides: overrides).graph
    for graph in [first, second] {
      #expect((graph[.weight, of: folded.norm]?.encoding as? Integer)?.bits == 8)
      let sparse = try #require(graph.parameters[name]?.encoding as? Sparse)
      #expect(sparse.mask == mask && (sparse.inner as? Integer)?.bits == 4)
    }
    // Nothing is trained in between, so only the rounding of weights changes values.
    #expect(first.parameters.mapValues(\.value) == second.parameters.mapValues(\.value))
  }
}
