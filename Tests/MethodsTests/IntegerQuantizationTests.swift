import Encodings
import Graphs
import Methods
import Ops
import Settings
import Tensors
import TestSupport
import Testing

@Suite("Post-training quantization and quantization-aware training")
struct IntegerQuantizationTests {
  private func quantized(
    _ graph: Graph, _ method: PostTrainingQuantization = PostTrainingQuantization(),
    overrides: [String: PostTrainingQuantization?] = [:]
  ) throws -> Rewrite {
    var compression = Compression(method, graph: graph, evidence: ImageEvidence(graph), overrides: overrides)
    return try method.compress(&compression)
  }

  @Test(
    "Everything that a device stores is on a grid, in every small network", arguments: SmallGraph.allCases)
  func everyValueOnItsGrid(network: SmallGraph) throws {
    let original = try network.graph()
    let graph = try quantized(original).graph
    try graph.verify()
    let values = try ReferenceValues(graph, ImageEvidence(original, images: 8, seed: 9).images).values
    // A rectifier of few channels may be dead by chance, so most values must vary, but not all.
    var (stored, varied) = (0, 0)
    for (name, place) in graph.valuePlaces() {
      switch place {
      case .stored:
        stored += 1
        let encoding = try #require(graph.values[name] as? IntegerValue, "\(name)")
        let numbers = try #require(values[name]).values
        #expect(numbers == numbers.map { encoding.value(encoding.integer($0)) }, "\(name)")
        if Set(numbers).count > 2 { varied += 1 }
      case .alike(let source):
        let encoding = try #require(graph.values[name])
        #expect(graph.values[source]?.isEqual(to: encoding) == true, "\(name)")
      case .fused, .same: #expect(graph.values[name] == nil, "\(name)")
      }
    }
    #expect(stored > 1 && 2 * varied > stored)
  }

  @Test(
    "Weights have signed bytes a channel, biases the products' scale in 32 bits",
    arguments: SmallGraph.allCases)
  func parameters(network: SmallGraph) throws {
    let graph = try quantized(try network.graph()).graph
    let layers = graph.nodes.filter { $0.op is Conv2D || $0.op is Linear }
    #expect(!layers.isEmpty)
    for node in layers {
      let weight = try #require(graph.parameters["\(node.name).weight"])
      let encoding = try #require(weight.encoding as? Integer)
      let scale = try #require(graph.storedEncoding(of: node.inputs[0]) as? IntegerValue).scale
      #expect(encoding.bits == 8 && encoding.scales.count == weight.value.shape[0])
      guard let bias = graph.parameters["\(node.name).bias"] else { continue }
      let biasEncoding = try #require(bias.encoding as? Integer)
      #expect(biasEncoding.bits == 32)
      #expect(biasEncoding.scales == encoding.scales.map { $0 * scale })
      let step = biasEncoding.scales.max() ?? 0
      #expect(zip(bias.value.values, bias.projected.values).allSatisfy { abs($0 - $1) <= step })
    }
  }

  @Test(
    "On the calibration images bytes compute nearly what floats do, fewer bits worse, more bits better",
    arguments: SmallGraph.allCases)
  func closeToFloat(network: SmallGraph) throws {
    let original = try network.graph()
    let images = ImageEvidence(original).images
    let truth = try #require(try ReferenceValues(original, images).values[original.outputs[0]]).values
    func relativeError(bits: Int) throws -> Double {
      var method = PostTrainingQuantization()
      method.grids.bits = bits
      method.grids.activationBits = bits
      let graph = try quantized(original, method).graph
      let found = try #require(try ReferenceValues(graph, images).values[graph.outputs[0]]).values
      return Self.squaredDistance(truth, found)
        / Self.squaredDistance(truth, truth.map { _ in Self.mean(truth) })
    }
    let (bytes, nibbles, words) = (
      try relativeError(bits: 8), try relativeError(bits: 4), try relativeError(bits: 16)
    )
    #expect(bytes < 0.01, "\(bytes)")
    #expect(words < bytes / 50, "\(words) against \(bytes)")
    #expect(nibbles > 5 * bytes, "\(nibbles) against \(bytes)")
  }

  private static func mean(_ values: [Float]) -> Float { values.reduce(0, +) / Float(values.count) }

  private static func squaredDistance(_ a: [Float], _ b: [Float]) -> Double {
    zip(a, b).reduce(0) { sum, pair in
      let difference = Double(pair.0) - Double(pair.1)
      return sum + difference * difference
    }
  }

  @Test("Both sides of every sum are on integer grids")
  func residualSums() throws {
    let graph = try quantized(try SmallGraph.residual.graph()).graph
    let sums = graph.nodes.filter { $0.op is Add }
    #expect(sums.count == 2)
    for sum in sums {
      #expect(sum.inputs.allSatisfy { graph.values[$0] is IntegerValue })
      #expect(graph.values[sum.name] == nil && graph.valuePlaces()[sum.name] != .stored)
    }
  }

  @Test("Masks of earlier pruning stay, through folded batch norms too")
  func masks() throws {
    var graph = try SmallGraph.residual.graph()
    for name in ["a1.conv.weight", "logits.weight"] {
      let value = try #require(graph.parameters[name]).value
      let mask = Mask(value.values.indices.map { $0 % 3 == 0 })
      graph.parameters[name] = Parameter(value, encoding: Sparse(mask: mask))
    }
    let rewrite = try quantized(graph)
    for (name, node) in [("a1.norm.weight", "a1.norm"), ("logits.weight", "logits")] {
      let parameter = try #require(rewrite.graph.parameters[name])
      let sparse = try #require(parameter.encoding as? Sparse, "\(node)")
      #expect(sparse.inner is Integer)
      let projected = parameter.projected.values
      for (index, value) in projected.enumerated() where index % 3 != 0 { #expect(value == 0) }
      #expect(projected.contains { $0 != 0 })
    }
  }

  @Test("A layer that is left out stays in floats, with what only it makes or reads")
  func leftOut() throws {
    let leftOut: PostTrainingQuantization? = nil
    let graph = try quantized(try SmallGraph.residual.graph(), overrides: ["stem.conv": leftOut]).graph
    #expect(graph.parameters["stem.norm.weight"]?.encoding is Dense)
    #expect(graph.parameters["stem.norm.bias"]?.encoding is Dense)
    #expect(graph.values["stem"] == nil && graph.values["image"] == nil)
    #expect(graph.parameters["a1.norm.weight"]?.encoding is Integer)
    #expect(graph.parameters["a1.norm.bias"]?.encoding is Dense)
    #expect(graph.values["a1"] is IntegerValue)
  }

  @Test("A bias that dwarfs its weights still fits 32 bits")
  func largeBias() throws {
    var graph = try SmallGraph.lenet.graph()
    let shape = try #require(graph.parameters["hidden.weight"]).value.shape
    graph.parameters["hidden.weight"] = Parameter(Tensor(random: shape, in: -1e-12...1e-12, seed: 1))
    graph.parameters["hidden.bias"]?.value.values[0] = 5
    let bias = try #require(try quantized(graph).graph.parameters["hidden.bias"])
    for (stored, real) in zip(bias.projected.values, bias.value.values) {
      #expect(abs(stored - real) <= 5e-5)
    }
  }

  @Test("Training starts from the same grids, with masters that every gradient reaches")
  func quantizationAware() throws {
    let original = try SmallGraph.residual.graph()
    var method = QuantizationAwareTraining()
    method.grids.bits = 2
    var compression = Compression(method, graph: original, evidence: ImageEvidence(original))
    let graph = try method.compress(&compression).graph
    try graph.verify()
    for (name, parameter) in graph.parameters where parameter.encoding is Integer {
      var gradient = Array(repeating: Float(1), count: parameter.value.values.count)
      var span = gradient.mutableSpan
      parameter.encoding.backward(
        &span, masters: parameter.value.values.span, shape: parameter.value.shape)
      #expect(gradient.allSatisfy { $0 == 1 }, "\(name)")
      #expect(parameter.value != parameter.projected || name.hasSuffix("bias"), "\(name)")
    }
    var once = PostTrainingQuantization()
    once.grids.bits = 2
    let reference = try quantized(original, once).graph
    let expected = reference.values.mapValues { $0.settingsNode.canonicalJSON }
    let found = graph.values.mapValues { $0.settingsNode.canonicalJSON }
    #expect(expected == found)
    #expect(reference.parameters.mapValues(\.projected) == graph.parameters.mapValues(\.projected))
  }

  @Test("A codebook's numbers come to lie on one grid, within masks too, and its batch norm stays")
  func codebooks() throws {
    var graph = try SmallGraph.residual.graph()
    for (name, isSparse) in [("a1.conv", true), ("logits", false)] {
      let weight = try #require(graph.parameters["\(name).weight"]).value
      let codebook = Codebook(
        assignments: weight.values.map { $0 < -0.2 ? 0 : $0 < 0.1 ? 1 : 2 }, count: 3, hasZero: false)
      let mask = Mask(weight.values.indices.map { $0 % 3 > 0 })
      let encoding: any Encoding = isSparse ? Sparse(mask: mask, inner: codebook) : codebook
      graph.parameters["\(name).weight"] = Parameter(weight, encoding: encoding)
    }
    let rewritten = try quantized(graph).graph
    try rewritten.verify()
    #expect(rewritten.node(named: "a1.norm")?.op is BatchNorm)
    #expect(rewritten.node(named: "a2")?.op is Conv2D)
    let sparse = try #require(rewritten.parameters["a1.conv.weight"]?.encoding as? Sparse)
    let masked = try #require((sparse.inner as? Codebook)?.grid)
    let plain = try #require((rewritten.parameters["logits.weight"]?.encoding as? Codebook)?.grid)
    #expect(masked.scales.count == 1 && masked.bits == 8 && plain.scales.count == 1)
    #expect(rewritten.parameters["logits.bias"]?.encoding as? Integer != nil)
    #expect(Set(try #require(rewritten.parameters["logits.weight"]).projected.values).count == 3)
    #expect(rewritten.hasEncodedValues)
  }

  @Test("Values that are not finite are refused")
  func refusals() throws {
    var broken = try SmallGraph.lenet.graph()
    broken.parameters["hidden.bias"]?.value.values[0] = .infinity
    #expect(errorMessage { _ = try quantized(broken) }.contains("not all finite"))
  }
}
