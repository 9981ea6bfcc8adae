import Encodings
import Graphs
import Methods
import Ops
import Tensors
import TestSupport
import Testing

@Suite("Cross-layer equalization, and what unequal channels cost")
struct CrossLayerEqualizationTests {
  private func equalized(
    _ graph: Graph, _ method: CrossLayerEqualization = CrossLayerEqualization()
  ) throws -> Graph {
    var compression = Compression(method, graph: graph)
    return try method.compress(&compression).graph
  }

  private func quantized(_ graph: Graph, bits: Int = 8) throws -> Rewrite {
    var method = PostTrainingQuantization()
    method.grids.bits = bits
    method.grids.activationBits = bits
    method.grids.calibration = .minmax
    var compression = Compression(method, graph: graph, evidence: ImageEvidence(graph))
    return try method.compress(&compression)
  }

  private func outputs(_ graph: Graph, _ images: Tensor) throws -> [Float] {
    try #require(try ReferenceValues(graph, images).values[graph.outputs[0]]).values
  }

  /// The root mean square of the differences, divided by that of the first list.
  private func distance(_ a: [Float], _ b: [Float]) -> Double {
    let squares = zip(a, b).reduce(0.0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }
    return (squares / a.reduce(1e-30) { $0 + Double($1) * Double($1) }).squareRoot()
  }

  /// A network whose channel 1 after `conv2` is multiplied by a thousand and read by weights divided by a
  /// thousand.
  private func unequal() throws -> (plain: Graph, scaled: Graph) {
    let plain = try SmallGraph.lenet.graph()
    var scaled = plain
    var weight = try #require(scaled.parameters["conv2.weight"])
    let width = weight.value.values.count / weight.value.shape[0]
    for i in width..<2 * width { weight.value.values[i] *= 1000 }
    scaled.parameters["conv2.weight"] = weight
    scaled.parameters["conv2.bias"]?.value.values[1] *= 1000
    var reader = try #require(scaled.parameters["hidden.weight"])
    let columns = reader.value.shape[1]
    let taps = columns / weight.value.shape[0]
    for i in reader.value.values.indices where i % columns / taps == 1 { reader.value.values[i] /= 1000 }
    scaled.parameters["hidden.weight"] = reader
    return (plain, scaled)
  }

  @Test("Small networks compute what they did", arguments: SmallGraph.allCases)
  func preserves(network: SmallGraph) throws {
    let graph = try network.graph()
    let images = ImageEvidence(graph, images: 8).images
    do {
      let equal = try equalized(graph)
      try equal.verify()
      #expect(try distance(outputs(graph, images), outputs(equal, images)) < 1e-4)
    } catch MethodError.nothingToDo {
      #expect(network != .lenet && network != .residual)
    }
  }

  @Test("What makes a channel reaches as far as what reads it")
  func equalRanges() throws {
    let graph = try equalized(unequal().scaled)
    let first = try #require(graph.parameters["conv1.weight"]).value
    let second = try #require(graph.parameters["conv2.weight"]).value
    let taps = second.shape.spatialCount
    for channel in 0..<first.shape[0] {
      let width = first.values.count / first.shape[0]
      let made = first.values[channel * width..<(channel + 1) * width].reduce(0) { max($0, $1.magnitude) }
      let read = second.values.indices.filter { $0 / taps % second.shape[1] == channel }
        .reduce(Float(0)) { max($0, second.values[$1].magnitude) }
      #expect(abs(made - read) < 1e-3 * made)
    }
  }

  @Test("A channel that was scaled by 1000 is warned of, and quantizes as if it was not once equalized")
  func unequalChannels() throws {
    let (plain, scaled) = try unequal()
    let images = ImageEvidence(plain).images
    let truth = try outputs(plain, images)
    let before = try quantized(scaled)
    let warning = try #require(before.warnings.first)
    #expect(warning.contains("hidden") && warning.contains("cross-layer-equalization"))
    let fromScaled = try quantized(equalized(scaled))
    let fromPlain = try quantized(equalized(plain))
    #expect(fromScaled.warnings.isEmpty && fromPlain.warnings.isEmpty)
    let errors = try [before, fromScaled, fromPlain].map { try distance(truth, outputs($0.graph, images)) }
    #expect(errors[0] > 3 * errors[1], "\(errors)")
    #expect(abs(errors[1] - errors[2]) < 0.2 * errors[2], "\(errors)")
  }

  @Test("Networks as they come are not warned of", arguments: [SmallGraph.lenet, .residual])
  func noWarning(network: SmallGraph) throws {
    #expect(try quantized(network.graph()).warnings.isEmpty)
  }

  @Test("A layer of zeros needs no channel, so nothing is said of those that it reads")
  func deadLayers() throws {
    var graph = try unequal().scaled
    for name in ["conv2.weight", "hidden.weight", "logits.weight"] {
      let shape = try #require(graph.parameters[name]).value.shape
      graph.parameters[name]?.value = Tensor(zeros: shape)
    }
    #expect(try quantized(graph).warnings.isEmpty)
  }

  @Test("Masks stay, and layers with codebooks stay whole")
  func masks() throws {
    var graph = try unequal().scaled
    let weight = try #require(graph.parameters["conv2.weight"]).value
    let mask = Mask(weight.values.indices.map { $0 % 3 == 0 })
    graph.parameters["conv2.weight"] = Parameter(weight, encoding: Sparse(mask: mask))
    let masked = try #require(try equalized(graph).parameters["conv2.weight"])
    #expect((masked.encoding as? Sparse)?.mask == mask && masked != graph.parameters["conv2.weight"])
    let first = try #require(graph.parameters["conv1.weight"]).value
    let codebook = Codebook(assignments: first.values.map { $0 < 0 ? 0 : 1 }, count: 2, hasZero: false)
    graph.parameters["conv1.weight"] = Parameter(first, encoding: codebook)
    let kept = try equalized(graph)
    for name in ["conv1.weight", "conv1.bias"] { #expect(kept.parameters[name] == graph.parameters[name]) }
  }

  @Test("ReLU6 ends a chain, and becomes a ReLU where it is asked for")
  func rectifiersOfSix() throws {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [2, 5, 5])])
    try graph.append(Conv2D(filters: 4, kernel: 3), name: "first", inputs: ["image"])
    try graph.append(ReLU6(), name: "clamp", inputs: ["first"])
    try graph.append(Conv2D(filters: 3, kernel: 3), name: "second", inputs: ["clamp"])
    graph.outputs = ["second"]
    graph.initializeParameters(seed: 2)
    #expect(errorMessage { _ = try equalized(graph) }.contains("replaceReLU6"))
    var method = CrossLayerEqualization()
    method.replaceReLU6 = true
    let replaced = try equalized(graph, method)
    #expect(replaced.node(named: "clamp")?.op is ReLU)
    let images = ImageEvidence(graph, images: 8).images
    // Values stay below six here.
    #expect(try distance(outputs(graph, images), outputs(replaced, images)) < 1e-5)
  }

  @Test(
    "Corrected biases give each layer the mean of the real one", arguments: [SmallGraph.lenet, .residual])
  func biasCorrection(network: SmallGraph) throws {
    let graph = try network.graph()
    var method = PostTrainingQuantization()
    method.grids.bits = 3
    method.grids.images = 32
    let evidence = ImageEvidence(graph)
    func errors(_ corrected: Bool) throws -> [Double] {
      method.biasCorrection = corrected
      var compression = Compression(method, graph: graph, evidence: evidence)
      let quantized = try method.compress(&compression).graph
      let real = try ReferenceValues(graph.foldingBatchNorms(), evidence.images).values
      return try quantized.nodes.filter { $0.op is Conv2D }.map { node in
        // Grids of values would add errors that are not those of weights.
        var measured = quantized
        measured.values = [:]
        let found = try ReferenceValues(measured, evidence.images).values
        let (a, b) = (try #require(real[node.name]), try #require(found[node.name]))
        let channels = a.shape[1]
        var sums = Array(repeating: 0.0, count: channels)
        for i in a.values.indices {
          sums[i / a.shape.spatialCount % channels] += Double(b.values[i] - a.values[i])
        }
        let step = try #require(quantized[.bias, of: node.name]?.encoding as? Integer).scales.max() ?? 0
        return (sums.map { abs($0) / Double(a.values.count / channels) }.max() ?? 0) / Double(step)
      }
    }
    let (before, after) = (try errors(false), try errors(true))
    // Errors are in steps of the biases, which are rounded.
    #expect((after.max() ?? 1) < 0.51 && (before.max() ?? 0) > 10, "\(before) \(after)")
  }

  @Test(
    "Learnt rounding comes nearer to the real outputs than nearest rounding at 3 bits, and stays on the grid")
  func adaptiveRounding() throws {
    let graph = try SmallGraph.lenet.graph()
    let evidence = ImageEvidence(graph)
    let truth = try outputs(graph, evidence.images)
    var nearest = PostTrainingQuantization()
    nearest.grids.bits = 3
    var learnt = AdaptiveRounding()
    learnt.grids.bits = 3
    var plain = Compression(nearest, graph: graph, evidence: evidence)
    var adaptive = Compression(learnt, graph: graph, evidence: evidence)
    let before = try nearest.compress(&plain).graph
    let after = try learnt.compress(&adaptive).graph
    let errors = try [before, after].map { try distance(truth, outputs($0, evidence.images)) }
    #expect(errors[1] < 0.8 * errors[0], "\(errors)")
    for (name, parameter) in after.parameters where name.hasSuffix(".weight") {
      let grid = try #require(parameter.encoding as? Integer)
      let old = try #require(before.parameters[name])
      #expect(old.encoding.isEqual(to: grid))
      let width = parameter.value.values.count / grid.scales.count
      for (i, value) in parameter.projected.values.enumerated() {
        #expect(abs(value - old.projected.values[i]) < 1.01 * grid.scales[i / width])
      }
    }
  }
}
