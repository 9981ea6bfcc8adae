import Encodings
import Execution
import Graphs
import Methods
import Ops
import Settings
import Tensors
import TestSupport
import Testing

@Suite("Weights of three trained numbers")
struct TernaryWeightsTests {
  private func compress(
    _ graph: Graph, progress: Double, overrides: [String: TernaryWeights?] = [:]
  ) throws -> Rewrite {
    var compression = Compression(
      TernaryWeights(), graph: graph, of: graph, progress: progress, overrides: overrides)
    let rewrite = try TernaryWeights().compress(&compression)
    try rewrite.graph.verify()
    return rewrite
  }

  @Test(
    "Numbers are trained beside the weights, and end in codebooks that programs of integers compute with",
    arguments: SmallGraph.allCases)
  func life(network: SmallGraph) throws {
    let original = try network.graph()
    let first = try compress(original, progress: 0.5)
    var graph = first.graph
    let layers = graph.nodes.filter { graph[.weight, of: $0.name]?.encoding is TrainedTernary }
    #expect(!layers.isEmpty)
    for layer in layers {
      #expect(graph[.weight, of: layer.name]?.value == original[.weight, of: layer.name]?.value)
      let step = ParameterRole.step.name(of: layer.name)
      #expect(first.origin[step] == nil && first.origin[ParameterRole.weight.name(of: layer.name)] != nil)
      // The training may do this.
      graph.parameters[step]?.value.values = [1.5, 0.75]
    }
    let settled = try compress(graph, progress: 1).graph
    for layer in layers {
      let weight = try #require(settled[.weight, of: layer.name])
      #expect(weight.projected == graph.projected(ParameterRole.weight.name(of: layer.name)))
      // A small layer may have no zeros.
      #expect((2...3).contains(Set(weight.projected.values).count) && settled[.step, of: layer.name] == nil)
      #expect((weight.encoding as? Codebook)?.bits == 2)
    }
    let shipped = try integers(settled)
    for layer in layers {
      let grid = try #require((shipped[.weight, of: layer.name]?.encoding as? Codebook)?.grid)
      #expect(grid.bits == 8 && grid.scales.count == 1)
    }
    let images = ImageEvidence(original, images: 16).images.values
    let agreement = try IntegerAgreement(shipped, images: images, batch: 16)
    for difference in agreement.steps { #expect(difference.largest <= 1, "\(difference)") }
    // Files hold networks of images with one channel or three.
    guard [1, 3].contains(original.inputs[0].shape[0]) else { return }
    let file = try StudentFile.bytes(of: model(shipped), coded: true)
    let read = try StudentFile.read(bytes: file, file: "student").graph
    #expect(read.parameters.mapValues(\.projected) == shipped.parameters.mapValues(\.projected))
  }

  private func integers(_ graph: Graph) throws -> Graph {
    var compression = Compression(
      PostTrainingQuantization(), graph: graph, evidence: ImageEvidence(graph))
    return try PostTrainingQuantization().compress(&compression).graph
  }

  private func model(_ graph: Graph) -> Model {
    let input = graph.inputs[0].shape
    let channels = input[0]
    let classes = graph.shape(of: graph.outputs[0])?[1] ?? 0
    return Model(
      graph: graph, classes: (0..<classes).map { "class \($0)" },
      input: InputDescription(
        shape: input, mean: Array(repeating: 0, count: channels),
        deviation: Array(repeating: 1, count: channels)),
      split: SettingsNode(mapping: [:]), provenance: SettingsNode(mapping: [:]))
  }

  @Test("Masks stay; layers that are left out, or all zero, keep their weights")
  func exceptions() throws {
    var original = try SmallGraph.lenet.graph()
    let count = try #require(original.parameters["conv2.weight"]).value.values.count
    let mask = Mask((0..<count).map { $0 % 2 == 0 })
    original.parameters["conv2.weight"]?.encoding = Sparse(mask: mask)
    let zeros = try #require(original.parameters["conv1.weight"]).value.shape
    original.parameters["conv1.weight"]?.value = Tensor(zeros: zeros)
    let graph = try compress(original, progress: 1, overrides: ["logits": nil]).graph
    let sparse = try #require(graph.parameters["conv2.weight"]?.encoding as? Sparse)
    #expect(sparse.mask == mask && (sparse.inner as? Codebook)?.bits == 2)
    #expect(graph.parameters["logits.weight"]?.encoding is Dense)
    #expect(graph.parameters["conv1.weight"]?.encoding is Dense)
  }

  @Test("Weights that are stored in another way, and numbers that are none, are refused with the layer")
  func refusals() throws {
    var original = try SmallGraph.lenet.graph()
    var graph = try compress(original, progress: 0.5).graph
    graph.parameters["conv2.step"]?.value.values[0] = .infinity
    #expect(
      errorMessage { _ = try compress(graph, progress: 1) }
        .contains("ternary-weights: conv2: its numbers are not finite"))
    original.parameters["conv2.weight"]?.encoding = Binary(scales: [1])
    #expect(
      errorMessage { _ = try compress(original, progress: 0.5) }
        .contains("ternary-weights: conv2: its weights are stored as binary already"))
  }
}
