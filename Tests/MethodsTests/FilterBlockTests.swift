import Graphs
import LinearAlgebra
import Ops
import Settings
import Tensors
import TestSupport
import Testing

@testable import Methods

@Suite("Blocks in place of convolutions")
struct FilterBlockTests {
  /// A network of three convolutions with at least 16 channels, each with norm and ReLU; the second has
  /// stride 2.
  private func network() throws -> Graph {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [3, 12, 12])])
    var value = "image"
    for (name, filters, stride) in [("first", 16, 1), ("second", 24, 2), ("third", 32, 1)] {
      try graph.append(
        Conv2D(filters: filters, kernel: 3, stride: stride, padding: 1, bias: name == "third"), name: name,
        inputs: [value])
      try graph.append(BatchNorm(), name: "\(name).norm", inputs: [name])
      try graph.append(ReLU(), name: "\(name).relu", inputs: ["\(name).norm"])
      value = "\(name).relu"
    }
    try graph.append(GlobalAveragePool(), name: "pool", inputs: [value])
    try graph.append(Flatten(), name: "features", inputs: ["pool"])
    try graph.append(Linear(features: 5), name: "logits", inputs: ["features"])
    graph.outputs = ["logits"]
    graph.scatterParameters(seed: 17)
    return graph
  }

  private func compress<M: CompressionMethod>(
    _ graph: Graph, _ method: M, overrides: [String: M?] = [:]
  ) throws -> Rewrite {
    var compression = Compression(
      method, graph: graph, evidence: ImageEvidence(graph, images: 64),
      random: SeededRandom(seed: 3, purpose: "compression"), overrides: overrides)
    let rewrite = try method.compress(&compression)
    try rewrite.graph.verify()
    return rewrite
  }

  static let methods: [any FilterMethod] = [
    DepthwiseSeparable(), FireModules(), BottleneckBlocks(), InvertedResiduals(), GroupedShuffle(),
    AsymmetricFilters(), PointwiseSubstitution(), GhostModules(),
  ]

  /// The layers of each block, with the number of weights by the formulas, without biases and norms.
  static let structures: [(method: any FilterMethod, parts: [String], weights: @Sendable (Int, Int) -> Int)] =
    [
      (BottleneckBlocks(), ["reduce", "core"], { i, o in o / 4 * i + o / 4 * o / 4 * 9 + o * o / 4 }),
      (InvertedResiduals(), ["expand", "depthwise"], { i, o in 2 * i * i + 2 * i * 9 + 2 * i * o }),
      (GroupedShuffle(), ["grouped"], { i, o in o * i * 9 / 4 + o * o / 4 }),
      (AsymmetricFilters(), ["column"], { i, o in o / 2 * i * 3 + o * o / 2 * 3 }),
      (PointwiseSubstitution(), [], { i, o in i * o }),
      (GhostModules(), ["primary", "cheap"], { i, o in o / 2 * i * 9 + o / 2 * 9 }),
    ]

  @Test("blocks have the layers and weights of their formulas", arguments: structures.indices)
  func structure(index: Int) throws {
    let (method, parts, weights) = Self.structures[index]
    func check<M: FilterMethod>(_ method: M) throws {
      let graph = try network()
      let smaller = try compress(graph, method).graph
      for (name, inputs, filters) in [("second", 16, 24), ("third", 24, 32)] {
        #expect(smaller.shape(of: name) == graph.shape(of: name))
        let layers = smaller.nodes.filter {
          $0.op is any ProductOp && ($0.name == name || $0.name.hasPrefix(name + "."))
        }
        let own = layers.map(\.name).filter { $0 != name }
        #expect(own == parts.map { "\(name).\($0)" })
        let found = layers.reduce(0) { $0 + (smaller[.weight, of: $1.name]?.value.shape.count ?? 0) }
        #expect(found == weights(inputs, filters), "\(M.name) \(name)")
      }
      #expect(smaller.node(named: "first.norm") == graph.node(named: "first.norm"))
      #expect(smaller[.weight, of: "first"] == graph[.weight, of: "first"])
    }
    try check(method)
  }

  @Test("fitting the last layers brings outputs nearer to the layer's", arguments: methods.indices)
  func reconstruction(index: Int) throws {
    func check<M: FilterMethod>(_ method: M) throws {
      let graph = try network()
      var fitted = method
      fitted.choice.reconstruct = true
      fitted.choice.fit.places = 36
      let others = ImageEvidence(graph, images: 32, seed: 9)
      let truth = try others.values("third", graph)
      let plain = squaredDistance(truth, try others.values("third", compress(graph, method).graph))
      let found = try compress(graph, fitted).graph
      let error = squaredDistance(truth, try others.values("third", found))
      let mean = Double(truth.reduce(0, +)) / Double(truth.count)
      let spread = truth.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) }
      #expect(error < plain, "\(M.name)")
      #expect(error < spread, "\(M.name)")
      // New norms change nothing: with their statistics they return their input.
      for node in found.nodes where node.op is BatchNorm && graph.node(named: node.name) == nil {
        let (before, after) = (try found.output(node.inputs[0]), try found.output(node.name))
        #expect(relativeDistance(before, after) < 1e-3)
      }
    }
    try check(Self.methods[index])
  }

  @Test("a budget replaces the layers that save the most, as many as it needs")
  func budget() throws {
    let graph = try network()
    var method = PointwiseSubstitution()
    method.first = true
    method.choice.budget = 0.75
    // Multiply-adds: 62,208, 124,416 and 248,832 of convolutions, and 160 of the linear layer.
    let one = try compress(graph, method)
    #expect(one.warnings.isEmpty)
    #expect(one.graph[.weight, of: "third"]?.value.shape == [32, 24, 1, 1])
    #expect(one.graph[.weight, of: "second"] == graph[.weight, of: "second"])
    #expect(one.graph[.weight, of: "first"] == graph[.weight, of: "first"])
    method.choice.budget = 0.3
    let two = try compress(graph, method).graph
    #expect(Double(two.multiplyAdds) <= 0.3 * Double(graph.multiplyAdds))
    #expect(two[.weight, of: "second"]?.value.shape == [24, 16, 1, 1])
    #expect(two[.weight, of: "first"] == graph[.weight, of: "first"])
    method.choice.budget = 0.05
    let all = try compress(graph, method)
    #expect(
      all.warnings.count == 1 && all.warnings[0].contains("are left with all layers replaced, not 5.0 %"))
  }

  @Test("or those that harm the least by what they save")
  func leastHarm() throws {
    struct Losses: Evidence {
      let graph: Graph
      func forEachGradient(images: Int, _ body: ([String: Tensor]) -> Void) throws {}
      func forEachActivation(
        of values: [String], images: Int, real: Bool, _ body: ([String: Tensor]) -> Void
      ) throws {}
      /// A loss that depends on the third convolution alone.
      func meanLoss(of changed: Graph, images: Int) throws -> Double {
        changed[.weight, of: "third"]?.value.shape == graph[.weight, of: "third"]?.value.shape ? 1 : 3
      }
    }
    let graph = try network()
    var method = PointwiseSubstitution()
    method.choice.budget = 0.8
    method.choice.layers = .leastHarm
    #expect(method.evidence == [.losses])
    var compression = Compression(method, graph: graph, evidence: Losses(graph: graph))
    let smaller = try method.compress(&compression).graph
    #expect(smaller[.weight, of: "third"] == graph[.weight, of: "third"])
    #expect(smaller[.weight, of: "second"]?.value.shape == [24, 16, 1, 1])
  }

  @Test("two terms a channel, copied, are the kernel that has two, where clamps pass all")
  func invertedExact() throws {
    var graph = try network()
    var random = SeededRandom(seed: 4, purpose: "terms")
    var kernel = Tensor(zeros: [32, 24, 3, 3])
    let (points, taps) = (
      (0..<32 * 48).map { _ in random.normal() }, (0..<48 * 9).map { _ in random.normal() }
    )
    for i in kernel.values.indices {
      let (filter, channel, tap) = (i / 216, i / 9 % 24, i % 9)
      for term in 0..<2 {
        let place = channel * 2 + term
        kernel.values[i] += points[filter * 48 + place] * taps[place * 9 + tap]
      }
    }
    graph.parameters["third.weight"] = Parameter(kernel)
    let found = try SeparableKernel(nearestTo: kernel, terms: 2)
    for i in kernel.values.indices {
      let (filter, channel, tap) = (i / 216, i / 9 % 24, i % 9)
      let sum = (0..<2).reduce(Float(0)) { sum, term in
        let place = channel * 2 + term
        return sum + found.pointwise.values[filter * 48 + place] * found.depthwise.values[place * 9 + tap]
      }
      #expect(abs(sum - kernel.values[i]) < 1e-4)
    }
    let smaller = try compress(graph, InvertedResiduals()).graph
    let expand = try #require(smaller[.weight, of: "third.expand"]?.value)
    for row in 0..<48 {
      for column in 0..<24 { #expect(expand.values[row * 24 + column] == (row / 2 == column ? 1 : 0)) }
    }
  }

  @Test("what cannot be a block says why")
  func reasons() throws {
    func reason<M: CompressionMethod>(_ method: M, _ conv: Conv2D, channels: Int = 12) throws -> Applicability
    {
      var graph = Graph(inputs: [GraphInput(name: "image", shape: [channels, 9, 9])])
      try graph.append(ReLU(), name: "relu", inputs: ["image"])
      try graph.append(conv, name: "conv", inputs: ["relu"])
      graph.outputs = ["conv"]
      return method.applicability(to: try #require(graph.node(named: "conv")), in: graph)
    }
    let plain = Conv2D(filters: 10, kernel: 3, padding: 1)
    #expect(
      try reason(GroupedShuffle(), plain)
        == .notApplicable(reason: "4 groups do not divide its 12 channels and 10 filters"))
    #expect(
      try reason(GhostModules(), Conv2D(filters: 9, kernel: 3))
        == .notApplicable(reason: "a ratio of 2 does not divide its 9 filters"))
    #expect(
      try reason(PointwiseSubstitution(), Conv2D(filters: 9, kernel: 3))
        == .notApplicable(
          reason: "its padding of 0x0 does not keep the size of the plane, as a 1x1 convolution does"))
    #expect(
      try reason(AsymmetricFilters(), Conv2D(filters: 9, kernel: Extent(1, 3)))
        == .notApplicable(reason: "its kernel of 1x3 has one row or one column"))
    #expect(
      try reason(InvertedResiduals(), Conv2D(filters: 4, kernel: 3), channels: 40)
        == .notApplicable(reason: "its block would have 4564 parameters, it has 1444"))
    for method in Self.methods {
      #expect(
        try reason(method, Conv2D(filters: 12, kernel: 3, groups: 12))
          == .notApplicable(reason: "it is a convolution of 12 groups already"))
    }
  }
}

@Suite("depth, resolution and late-downsampling")
struct ScaledShapeTests {
  /// A network of two residual blocks that can be removed, with one of another shape between them.
  private func network() throws -> Graph {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [3, 16, 16])])
    func conv(_ name: String, _ input: String, _ filters: Int, stride: Int = 1, kernel: Int = 3) throws {
      try graph.append(
        Conv2D(filters: filters, kernel: kernel, stride: stride, padding: kernel / 2), name: name,
        inputs: [input])
    }
    try conv("stem", "image", 4)
    try conv("a.1", "stem", 4)
    try graph.append(ReLU(), name: "a.relu", inputs: ["a.1"])
    try conv("a.2", "a.relu", 4)
    try graph.append(Add(), name: "a", inputs: ["a.2", "stem"])
    try conv("b.1", "a", 6, stride: 2)
    try conv("b.project", "a", 6, stride: 2, kernel: 1)
    try graph.append(Add(), name: "b", inputs: ["b.1", "b.project"])
    try conv("c.1", "b", 6)
    try graph.append(Add(), name: "c", inputs: ["b", "c.1"])
    try conv("d", "c", 8, stride: 2)
    try graph.append(GlobalAveragePool(), name: "pool", inputs: ["d"])
    try graph.append(Flatten(), name: "features", inputs: ["pool"])
    try graph.append(Linear(features: 5), name: "logits", inputs: ["features"])
    graph.outputs = ["logits"]
    graph.scatterParameters(seed: 23)
    return graph
  }

  @Test("the last blocks go first, and what is left computes what it does where the block makes zeros")
  func depth() throws {
    var graph = try network()
    #expect(graph.residualBlocks().map(\.sum) == ["a", "c"])
    #expect(
      ScaledDepth().layersTied(to: try #require(graph.node(named: "a.2")), in: graph) == ["a.1", "a.2"])
    for name in ["c.1.weight", "c.1.bias"] {
      let shape = try #require(graph.parameters[name]).value.shape
      graph.parameters[name] = Parameter(Tensor(zeros: shape))
    }
    let one = try compressed(graph, by: ScaledDepth())
    #expect(one.graph.node(named: "c.1") == nil && one.graph.node(named: "c") == nil)
    #expect(one.graph.node(named: "a.1") != nil)
    #expect(relativeDistance(try graph.output("logits"), try one.graph.output("logits")) < 1e-6)
    #expect(one.origin["d.weight"] == Origin(parameter: "d.weight"))
    var method = ScaledDepth()
    method.factor = 0
    let none = try compressed(graph, by: method).graph
    #expect(none.nodes.map(\.name) == ["stem", "b.1", "b.project", "b", "d", "pool", "features", "logits"])
    let kept = try compressed(graph, by: method, overrides: ["a.2": nil]).graph
    #expect(kept.node(named: "a.1") != nil && kept.node(named: "c.1") == nil)
    method.factor = 1
    #expect(
      errorMessage { _ = try compressed(graph, by: method) }
        == "depth: changes nothing: of 2 blocks all stay; lower the factor")
  }

  @Test("or the blocks go first whose removal raises the loss least")
  func depthByLoss() throws {
    struct Losses: Evidence {
      func forEachGradient(images: Int, _ body: ([String: Tensor]) -> Void) throws {}
      func forEachActivation(
        of values: [String], images: Int, real: Bool, _ body: ([String: Tensor]) -> Void
      ) throws {}
      func meanLoss(of changed: Graph, images: Int) throws -> Double {
        changed.node(named: "a.1") == nil ? 1 : 2
      }
    }
    var method = ScaledDepth()
    method.blocks = .leastHarm
    var compression = Compression(method, graph: try network(), evidence: Losses())
    let smaller = try method.compress(&compression).graph
    #expect(smaller.node(named: "a.1") == nil && smaller.node(named: "c.1") != nil)
  }

  @Test("a network that averages planes looks at means of squares; one that counts places cannot")
  func resolution() throws {
    let graph = try network()
    let rewrite = try compressed(graph, by: ScaledResolution())
    #expect(rewrite.graph.nodes.first?.name == "image.smaller")
    #expect(rewrite.graph.shape(of: "stem") == [1, 4, 8, 8])
    #expect(rewrite.graph.parameters == graph.parameters)
    #expect(rewrite.graph.multiplyAdds * 3 < graph.multiplyAdds)
    // The mean of constant 2x2 squares is the image of half the size.
    var half = Graph(inputs: [GraphInput(name: "image", shape: [3, 8, 8])])
    for node in graph.nodes { try half.append(node.op, name: node.name, inputs: node.inputs) }
    (half.outputs, half.parameters) = (graph.outputs, graph.parameters)
    let small = Tensor(random: [1, 3, 8, 8], in: -1...1, seed: 2, "image")
    var large = Tensor(zeros: [1, 3, 16, 16])
    for i in large.values.indices {
      large.values[i] = small.values[i / 256 * 64 + i / 32 % 8 * 8 + i % 16 / 2]
    }
    let truth = try #require(try ReferenceValues(half, small).values["logits"]).values
    let found = try #require(try ReferenceValues(rewrite.graph, large).values["logits"]).values
    #expect(relativeDistance(truth, found) < 1e-5)
    let lenet = try SmallGraph.lenet.graph()
    #expect(
      errorMessage { _ = try compressed(lenet, by: ScaledResolution()) }.contains(
        "on smaller images the network is impossible"))
    let perceptron = try SmallGraph.dropout.graph()
    let first = try #require(perceptron.node(named: "conv"))
    guard case .notApplicable = ScaledResolution().applicability(to: first, in: perceptron) else {
      Issue.record("a layer that counts places was not seen")
      return
    }
  }

  @Test("the first step goes to the last stage: maps between grow, the last is as before")
  func late() throws {
    let graph = try network()
    let rewrite = try compressed(graph, by: LateDownsampling())
    let later = rewrite.graph
    #expect(later.shape(of: "b") == [1, 6, 16, 16] && later.shape(of: "c") == [1, 6, 16, 16])
    #expect(later.shape(of: "d") == graph.shape(of: "d"))
    #expect((later.node(named: "d")?.op as? Conv2D)?.stride == 4)
    #expect(later.parameters == graph.parameters && later.multiplyAdds > graph.multiplyAdds)
    #expect(
      errorMessage { _ = try compressed(SmallGraph.residual.graph(), by: LateDownsampling()) }
        == "late-downsampling: changes nothing: it has no 2 stages of strided convolutions whose steps could move"
    )
  }

  @Test("Different strides within a stage that would move are told of, also where all shapes would fit")
  func unequalStrides() throws {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [3, 16, 16])])
    try graph.append(Conv2D(filters: 4, kernel: 3, stride: 2, padding: 1), name: "a", inputs: ["image"])
    try graph.append(Conv2D(filters: 4, kernel: 3, stride: 4, padding: 1), name: "b", inputs: ["image"])
    try graph.append(Conv2D(filters: 4, kernel: 3, stride: 2, padding: 1), name: "c", inputs: ["a"])
    try graph.append(GlobalAveragePool(), name: "long", inputs: ["c"])
    try graph.append(GlobalAveragePool(), name: "short", inputs: ["b"])
    try graph.append(Add(), name: "sum", inputs: ["long", "short"])
    graph.outputs = ["sum"]
    graph.scatterParameters(seed: 4)
    let reason = "layers that read planes of one size have different strides: a 2x2, b 4x4"
    for name in ["a", "b", "c"] {
      let node = try #require(graph.node(named: name))
      #expect(
        LateDownsampling().applicability(to: node, in: graph) == .notApplicable(reason: reason), "\(name)")
    }
    #expect(
      errorMessage { _ = try compressed(graph, by: LateDownsampling()) }
        == "late-downsampling: changes nothing: " + reason)
  }
}
