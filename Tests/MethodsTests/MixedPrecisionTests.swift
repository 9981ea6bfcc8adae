import Encodings
import Graphs
import Ops
import Tensors
import TestSupport
import Testing

@testable import Methods

@Suite("Widths of their own for layers")
struct MixedPrecisionTests {
  /// A loss with known curvatures, `Σ_l h_l · ‖w_l - start_l‖²` over layers, independent of the images.
  struct QuadraticLoss: Evidence {
    let graph: Graph
    let curvatures: [String: Double]
    /// The loss added for each layer with fewer than four bits if another one has fewer too.
    ///
    /// No curve of a single layer shows it.
    var interaction = 0.0
    let values: ImageEvidence

    init(_ graph: Graph, _ curvatures: [String: Double], interaction: Double = 0) {
      self.graph = graph
      self.curvatures = curvatures
      self.interaction = interaction
      values = ImageEvidence(graph)
    }

    func forEachGradient(images: Int, _ body: ([String: Tensor]) -> Void) throws {}
    func forEachActivation(
      of names: [String], images: Int, real: Bool, _ body: ([String: Tensor]) -> Void
    ) throws {
      try values.forEachActivation(of: names, images: images, real: real, body)
    }
    func hessianProduct(_ direction: [String: Tensor], images: Int) throws -> [String: Tensor] {
      var product = direction
      for (layer, curvature) in curvatures {
        let name = ParameterRole.weight.name(of: layer)
        for i in product[name]?.values.indices ?? 0..<0 { product[name]?.values[i] *= Float(2 * curvature) }
      }
      return product
    }
    func meanLoss(of changed: Graph, images: Int) throws -> Double {
      var loss = 1.0
      var coarse = 0
      for (layer, curvature) in curvatures {
        let error = squaredError(changed, layer)
        loss += curvature * error
        if error > 0.5 { coarse += 1 }
      }
      return coarse > 1 ? loss + interaction : loss
    }
    private func squaredError(_ changed: Graph, _ layer: String) -> Double {
      let (was, now) = (
        graph[.weight, of: layer]?.value.values ?? [], changed[.weight, of: layer]?.value.values ?? []
      )
      return zip(was, now).reduce(0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }
    }
  }

  /// A network of three linear layers with 96, 192 and 24 weights.
  private func network() throws -> Graph {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [6])])
    try graph.append(Linear(features: 16), name: "a", inputs: ["image"])
    try graph.append(ReLU(), name: "a.relu", inputs: ["a"])
    try graph.append(Linear(features: 12), name: "b", inputs: ["a.relu"])
    try graph.append(ReLU(), name: "b.relu", inputs: ["b"])
    try graph.append(Linear(features: 2), name: "c", inputs: ["b.relu"])
    graph.outputs = ["c"]
    graph.scatterParameters(seed: 4)
    return graph
  }

  private func bits(_ graph: Graph) -> [String: Int] {
    var bits: [String: Int] = [:]
    for name in ["a", "b", "c"] { bits[name] = graph[.weight, of: name]?.encoding.bits }
    return bits
  }

  private func quantized(
    _ graph: Graph, _ evidence: some Evidence, _ allocation: BitAllocation, mean: Double,
    overrides: [String: PostTrainingQuantization?] = [:]
  ) throws -> Rewrite {
    var method = PostTrainingQuantization()
    method.grids.calibration = .minmax
    (method.grids.meanBits, method.grids.allocation, method.grids.widths) = (
      mean, allocation, [2, 3, 4, 6, 8]
    )
    var compression = Compression(method, graph: graph, evidence: evidence, overrides: overrides)
    return try method.compress(&compression)
  }

  @Test("Of all choices within a budget the cheapest is taken, as found by trying all", arguments: 0..<20)
  func exact(seed: UInt64) {
    var random = SeededRandom(seed: seed, purpose: "choices")
    let layers = (0..<5).map { _ in
      let count = 1 + Int(random.uniform() * 30)
      return [2, 3, 4, 8].map { bits in
        BitChoice(bits: bits, size: count * bits, cost: Double(random.uniform()) / Double(bits))
      }
    }
    let least = layers.reduce(0) { $0 + $1[0].size }
    let budget = least + Int(random.uniform() * Float(least))
    var best = Double.infinity
    for number in 0..<1024 {
      let chosen = layers.enumerated().map { $1[(number >> (2 * $0)) & 3] }
      if chosen.reduce(0, { $0 + $1.size }) <= budget { best = min(best, chosen.reduce(0) { $0 + $1.cost }) }
    }
    let found = BitChoice.cheapest(layers, budget: budget)
    let cost = zip(layers, found ?? []).reduce(0.0) { sum, pair in
      sum + (pair.0.first { $0.bits == pair.1 }?.cost ?? .infinity)
    }
    #expect(found?.count == 5 && abs(cost - best) < 1e-9)
    #expect(BitChoice.cheapest(layers, budget: least - 1) == nil)
  }

  @Test("Where the loss is quadratic, measured losses and traces agree, and curved layers get more bits")
  func quadratic() throws {
    let graph = try network()
    let evidence = QuadraticLoss(graph, ["a": 10, "b": 0.01, "c": 1])
    for mean in [2.5, 3, 4, 5.5] {
      let byLoss = try quantized(graph, evidence, .loss, mean: mean)
      let byTrace = try quantized(graph, evidence, .hessianTrace, mean: mean)
      #expect(bits(byLoss.graph) == bits(byTrace.graph), "\(mean)")
      let found = bits(byLoss.graph)
      let (a, b, c) = (try #require(found["a"]), try #require(found["b"]), try #require(found["c"]))
      #expect(a > b, "\(mean)")
      #expect(Double(96 * a + 192 * b + 24 * c) <= mean * 312)
      #expect(byLoss.warnings.isEmpty, "\(byLoss.warnings)")
    }
  }

  @Test("A layer with bits of its own keeps them, and is no part of the mean")
  func overrides() throws {
    let graph = try network()
    var eight = PostTrainingQuantization()
    eight.grids.bits = 8
    let rewrite = try quantized(
      graph, QuadraticLoss(graph, ["a": 1, "b": 1, "c": 1]), .loss, mean: 3, overrides: ["a": eight])
    let found = bits(rewrite.graph)
    #expect(found["a"] == 8)
    #expect(192 * (found["b"] ?? 8) + 24 * (found["c"] ?? 8) <= 3 * 216)
  }

  @Test("So does one whose bits alone are others; a mean of its own is refused")
  func overridesOfBits() throws {
    let graph = try network()
    let evidence = QuadraticLoss(graph, ["a": 1, "b": 1, "c": 1])
    var six = PostTrainingQuantization()
    (six.grids.calibration, six.grids.meanBits, six.grids.widths, six.grids.bits) = (
      .minmax, 3, [2, 3, 4, 6, 8], 6
    )
    #expect(bits(try quantized(graph, evidence, .loss, mean: 3, overrides: ["a": six]).graph)["a"] == 6)
    six.grids.meanBits = 5
    let message = errorMessage { _ = try quantized(graph, evidence, .loss, mean: 3, overrides: ["a": six]) }
    #expect(message.contains("a: meanBits is for all layers together"), "\(message)")
  }

  @Test("Where layers do worse together than one by one, all get one width, and it is said")
  func worseThanUniform() throws {
    let graph = try network()
    let evidence = QuadraticLoss(graph, ["a": 10, "b": 0.001, "c": 0], interaction: 1000)
    let rewrite = try quantized(graph, evidence, .loss, mean: 4)
    #expect(bits(rewrite.graph) == ["a": 4, "b": 4, "c": 4])
    #expect(rewrite.warnings.contains { $0.contains("all layers have 4") }, "\(rewrite.warnings)")
  }

  @Test("A mean below all widths is refused")
  func tooFew() throws {
    let graph = try network()
    var method = PostTrainingQuantization()
    (method.grids.meanBits, method.grids.widths) = (3, [4, 8])
    var compression = Compression(method, graph: graph, evidence: QuadraticLoss(graph, ["a": 1]))
    let message = errorMessage { _ = try method.compress(&compression) }
    #expect(message.contains("meanBits: 3.0 is below the smallest of the widths [4, 8]"), "\(message)")
  }

  @Test("A mean that takes nothing from the largest width gives it to all layers, and says so")
  func tooMany() throws {
    let graph = try network()
    for mean in [4.0, 12] {
      var method = PostTrainingQuantization()
      (method.grids.meanBits, method.grids.widths) = (mean, [2, 4])
      var compression = Compression(
        method, graph: graph, evidence: QuadraticLoss(graph, ["a": 10, "b": 0.001, "c": 0]))
      let rewrite = try method.compress(&compression)
      #expect(bits(rewrite.graph) == ["a": 4, "b": 4, "c": 4])
      #expect(rewrite.warnings.contains { $0.contains("all layers have 4 bits") }, "\(rewrite.warnings)")
    }
  }

  @Test("Training keeps the widths that its first point found")
  func training() throws {
    let graph = try network()
    var method = QuantizationAwareTraining()
    (method.grids.meanBits, method.grids.widths, method.training.refits) = (4, [2, 4, 8], 1)
    var first = Compression(
      method, graph: graph, of: graph, progress: 0.5,
      evidence: QuadraticLoss(graph, ["a": 10, "b": 0.01, "c": 1]))
    let began = try method.compress(&first).graph
    // The evidence is reversed, so a new search would find the opposite.
    var second = Compression(
      method, graph: began, of: graph, progress: 1,
      evidence: QuadraticLoss(graph, ["a": 0.01, "b": 10, "c": 1]))
    #expect(bits(try method.compress(&second).graph) == bits(began))
    #expect(Set(bits(began).values).count > 1)
  }
}
