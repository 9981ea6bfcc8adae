import Encodings
import Execution
import Graphs
import Methods
import Ops
import Tensors
import TestSupport
import Testing

@Suite("Quantization-aware training with steps of weights that are learned")
struct WeightStepsTests {
  private func compress(
    _ method: QuantizationAwareTraining, _ graph: Graph, of original: Graph, progress: Double,
    overrides: [String: QuantizationAwareTraining?] = [:]
  ) throws -> Rewrite {
    var compression = Compression(
      method, graph: graph, of: original, progress: progress, evidence: ImageEvidence(graph),
      overrides: overrides)
    return try method.compress(&compression)
  }

  private func method(
    norms: NormHandling = .folded, ranges: RangeLearning = .fixed, refits: Int = 0
  ) -> QuantizationAwareTraining {
    var method = QuantizationAwareTraining()
    method.grids.bits = 3
    (method.training.weightSteps, method.training.norms) = (.lsq, norms)
    (method.training.ranges, method.training.refits) = (ranges, refits)
    return method
  }

  @Test("The last steps are taken when the training is done")
  func pacing() {
    #expect(method().settles && method().pacing == .gradual(times: 1, share: 0.8))
  }

  @Test(
    "Steps start by the paper's rule, outlive refits, and end as the scales of integers in programs",
    arguments: SmallGraph.allCases, [NormHandling.folded, .late])
  func life(network: SmallGraph, norms: NormHandling) throws {
    let original = try network.graph()
    let method = method(norms: norms, ranges: norms == .late ? .lsq : .fixed, refits: 1)
    var graph = try compress(method, original, of: original, progress: 1.0 / 3).graph
    try graph.verify()
    let layers = graph.nodes.filter { $0.op is any ProductOp }
    for layer in layers {
      let weight = try #require(graph[.weight, of: layer.name])
      let steps = try #require(graph[.step, of: layer.name]).value
      #expect(weight.encoding is LearnedSteps && steps.shape == [weight.value.shape[0]])
      #expect(steps.values == LearnedSteps.start(of: weight.value, bits: 3, perChannel: true))
      // The training may do this.
      graph[.step, of: layer.name]?.value.values = steps.values.map { 1.5 * $0 }
    }
    let refitted = try compress(method, graph, of: original, progress: 2.0 / 3)
    for layer in layers {
      for role in [ParameterRole.weight, .step] {
        let name = role.name(of: layer.name)
        #expect(refitted.graph.parameters[name]?.value == graph.parameters[name]?.value)
        #expect(refitted.origin[name] == Origin(parameter: name))
      }
    }
    let settled = try compress(method, refitted.graph, of: original, progress: 1).graph
    try settled.verify()
    let names = settled.nodes.filter { $0.op is any ProductOp }.map(\.name)
    #expect(names.count == layers.count && settled.hasEncodedValues)
    for (layer, name) in zip(layers, names) {
      let steps = try #require(graph[.step, of: layer.name]).value.values
      let before = try #require(graph.projected(ParameterRole.weight.name(of: layer.name))).values
      let after = try #require(settled[.weight, of: name])
      let scales = try #require(after.encoding as? Integer).scales
      if name == layer.name { #expect(scales == steps) }
      // Integers are the same, but for the signs of channels that a late norm turns.
      let width = before.count / steps.count
      let integers = before.indices.map { abs((before[$0] / steps[$0 / width]).rounded()) }
      let shipped = after.projected.values
      #expect(integers == shipped.indices.map { abs((shipped[$0] / scales[$0 / width]).rounded()) })
      #expect(settled[.step, of: name] == nil)
    }
    let images = ImageEvidence(original, images: 16).images.values
    let agreement = try IntegerAgreement(settled, images: images, batch: 16)
    for difference in agreement.steps { #expect(difference.largest <= 1, "\(difference)") }
  }

  @Test("Layers that the recipe leaves out, and shared numbers, have no steps to learn; masks stay")
  func exceptions() throws {
    var original = try SmallGraph.lenet.graph()
    let count = try #require(original.parameters["conv1.weight"]).value.values.count
    let mask = Mask((0..<count).map { $0 % 2 == 0 })
    original.parameters["conv1.weight"]?.encoding = Sparse(mask: mask)
    let weight = try #require(original.parameters["conv2.weight"]).value
    original.parameters["conv2.weight"]?.encoding = Codebook(
      assignments: weight.values.map { $0 < 0 ? 0 : 1 }, count: 2, hasZero: false)
    let graph = try compress(
      method(), original, of: original, progress: 0.5, overrides: ["logits": nil]
    ).graph
    try graph.verify()
    #expect(graph.parameters["logits.step"] == nil && graph.parameters["logits.weight"]?.encoding is Dense)
    #expect(graph.parameters["conv2.step"] == nil && graph.parameters["conv2.weight"]?.encoding is Codebook)
    let masked = try #require(graph.parameters["conv1.weight"]?.encoding as? LearnedSteps)
    #expect((masked.inner as? Sparse)?.mask == mask)
    let settled = try compress(method(), graph, of: original, progress: 1, overrides: ["logits": nil]).graph
    #expect((settled.parameters["conv1.weight"]?.encoding as? Sparse)?.inner is Integer)
  }

  @Test("Steps that a training has driven out of range are refused with the layer")
  func absurd() throws {
    let original = try SmallGraph.lenet.graph()
    var graph = try compress(method(), original, of: original, progress: 0.5).graph
    graph.parameters["conv1.step"]?.value.values[0] = 3e38
    let message = errorMessage { _ = try compress(method(), graph, of: original, progress: 1) }
    #expect(message.contains("conv1: the learned steps of its weights are too large"), "\(message)")
  }
}
