import Encodings
import Execution
import Graphs
import Methods
import Ops
import Tensors
import TestSupport
import Testing

@Suite("Weights by their tangent, and rectified values in a fixed range")
struct DoReFaTests {
  private func compress(
    _ method: DoReFa, _ graph: Graph, of original: Graph, progress: Double, overrides: [String: DoReFa?] = [:]
  ) throws -> Graph {
    var compression = Compression(
      method, graph: graph, of: original, progress: progress, evidence: ImageEvidence(graph),
      overrides: overrides)
    let graph = try method.compress(&compression).graph
    try graph.verify()
    return graph
  }

  @Test(
    "A layer trains with its numbers and ships them as integers, which programs compute with",
    arguments: SmallGraph.allCases, [2, 4])
  func life(network: SmallGraph, bits: Int) throws {
    let original = try network.graph()
    var method = DoReFa()
    (method.bits, method.activationBits) = (bits, bits)
    let trained = try compress(method, original, of: original, progress: 0.5)
    let layers = trained.nodes.filter { trained[.weight, of: $0.name]?.encoding is TanhNormalized }
    #expect(layers.count == original.nodes.filter { $0.op is any ProductOp }.count)
    let clamps = trained.nodes.filter { $0.op.valueFlow == .clamping }.map(\.name)
    #expect(Set(trained.values.keys) == Set(clamps).subtracting(trained.outputs))
    for grid in trained.values.values.compactMap({ $0 as? IntegerValue }) {
      #expect(grid.range.lowerBound == 0 && abs(grid.range.upperBound - 1) < 1e-6 && grid.bits == bits)
    }
    let settled = try compress(method, trained, of: original, progress: 1)
    #expect(settled.hasEncodedValues)
    for layer in layers {
      let before = try #require(trained[.weight, of: layer.name]).projected.values
      let after = try #require(settled[.weight, of: layer.name])
      #expect((after.encoding as? Codebook)?.grid?.bits == bits + 1)
      #expect(after.encoding.bits == bits)
      #expect(relativeDistance(before, after.projected.values) < 1e-5)
    }
    for (name, grid) in trained.values { #expect(settled.values[name]?.isEqual(to: grid) == true) }
    let images = ImageEvidence(original, images: 16).images.values
    let agreement = try IntegerAgreement(settled, images: images, batch: 16)
    for difference in agreement.steps { #expect(difference.largest <= 1, "\(difference)") }
  }

  @Test("The other values are calibrated with rectified ones in their range")
  func calibration() throws {
    let original = try SmallGraph.lenet.graph()
    var method = DoReFa()
    method.clip = 0.1
    let trained = try compress(method, original, of: original, progress: 0.5)
    let settled = try compress(method, trained, of: original, progress: 1)
    let logits = try #require(settled.values["logits"] as? IntegerValue)
    let evidence = ImageEvidence(trained)
    var largest: Float = 0
    try evidence.forEachActivation(of: ["logits"], images: 32, real: false) { batch in
      largest = max(largest, batch["logits"]?.values.map(abs).max() ?? 0)
    }
    let reach = max(-logits.range.lowerBound, logits.range.upperBound)
    #expect(reach >= 0.98 * largest && reach < 1.5 * largest)
  }

  @Test("A layer may become bytes with its norm; one that is left out stays real, with what it makes")
  func mixes() throws {
    let original = try SmallGraph.residual.graph()
    let folded = try #require(original.foldableBatchNorms().first)
    var bytes = DoReFa()
    bytes.numbers = .bytes
    let overrides: [String: DoReFa?] = [folded.producer: bytes, "logits": nil]
    let trained = try compress(DoReFa(), original, of: original, progress: 0.5, overrides: overrides)
    #expect(trained[.weight, of: folded.producer]?.encoding is Dense)
    let settled = try compress(DoReFa(), trained, of: original, progress: 1, overrides: overrides)
    #expect((settled[.weight, of: folded.norm]?.encoding as? Integer)?.bits == 8)
    #expect(settled.parameters["logits.weight"]?.encoding is Dense && settled.values["logits"] == nil)
  }

  @Test("Weights that are stored in another way are refused with the layer")
  func refusals() throws {
    var original = try SmallGraph.lenet.graph()
    original.parameters["conv2.weight"]?.encoding = Binary(scales: [1])
    #expect(
      errorMessage { _ = try compress(DoReFa(), original, of: original, progress: 0.5) }
        .contains("dorefa: conv2: its weights are stored as binary already"))
  }
}
