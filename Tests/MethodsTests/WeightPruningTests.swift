import Encodings
import Graphs
import Ops
import Settings
import Tensors
import TestSupport
import Testing

@testable import Methods

@Suite("Pruning of weights")
struct WeightPruningTests {
  /// The weights of convolutions and linear layers, by parameter.
  private func weights(_ graph: Graph) -> [(name: String, parameter: Parameter)] {
    graph.nodes.flatMap { graph.prunableWeights(of: $0) }
  }

  private func zeros(_ graph: Graph) -> Int {
    weights(graph).reduce(0) { $0 + $1.parameter.projected.values.count { $0 == 0 } }
  }

  private func apply<M: CompressionMethod>(
    _ method: M, _ graph: Graph, of original: Graph? = nil, progress: Double = 1, seed: UInt64 = 1,
    overrides: [String: M?] = [:]
  ) throws -> Rewrite {
    var compression = Compression(
      method, graph: graph, of: original ?? graph, progress: progress,
      random: SeededRandom(seed: seed, purpose: "pruning"), overrides: overrides)
    return try method.compress(&compression)
  }

  @Test("Exactly the share asked for is zero, and biases and norms are whole", arguments: [0.1, 0.5, 0.85])
  func exactCounts(sparsity: Double) throws {
    let graph = try SmallGraph.residual.graph()
    let count = weights(graph).reduce(0) { $0 + $1.parameter.value.values.count }
    let wanted = Int((sparsity * Double(count)).rounded())
    let magnitude = try apply(MagnitudePruning(sparsity: sparsity), graph).graph
    #expect(zeros(magnitude) == wanted)
    var random = RandomPruning()
    random.amount.sparsity = sparsity
    #expect(zeros(try apply(random, graph).graph) == wanted)
    for (name, parameter) in graph.parameters where !name.hasSuffix(".weight") {
      #expect(magnitude.parameters[name] == parameter)
    }
    try magnitude.verify()
  }

  @Test("What goes is smaller than what stays: across layers for global, within each for layer scope")
  func scopes() throws {
    let graph = try SmallGraph.lenet.graph()
    let global = try apply(MagnitudePruning(sparsity: 0.6), graph).graph
    var pruned: [Float] = []
    var kept: [Float] = []
    for (name, parameter) in weights(graph) {
      for (before, after) in zip(
        parameter.value.values, try #require(global.parameters[name]).projected.values)
      {
        if after == 0 { pruned.append(abs(before)) } else { kept.append(abs(before)) }
        #expect(after == 0 || after == before)
      }
    }
    #expect(try #require(pruned.max()) <= #require(kept.min()))

    let layered = try apply(MagnitudePruning(sparsity: 0.6, scope: .layer), graph).graph
    var shares: Set<Int> = []
    for (name, parameter) in weights(graph) {
      let count = parameter.value.values.count
      let sorted = parameter.value.values.map(abs).sorted()
      let after = try #require(layered.parameters[name]).projected.values
      let gone = Int((0.6 * Double(count)).rounded())
      #expect(after.count { $0 == 0 } == gone)
      #expect(after.filter { $0 != 0 }.map(abs).sorted() == Array(sorted.suffix(count - gone)))
      let globalZeros = try #require(global.parameters[name]).projected.values.count { $0 == 0 }
      shares.insert(globalZeros * 1000 / count)
    }
    #expect(shares.count > 1, "global scope takes other shares of each layer")
  }

  @Test("A weight once pruned stays pruned, and counts towards the sparsity")
  func masksPersist() throws {
    let graph = try SmallGraph.fire.graph()
    var half = RandomPruning()
    half.amount.sparsity = 0.5
    let first = try apply(half, graph, seed: 4).graph
    var trained = first
    for (name, parameter) in weights(first) {
      var span = parameter.value.values
      for index in span.indices { span[index] = span[index] * 1.5 + 0.01 }
      trained.parameters[name]?.value.values = span
    }
    let second = try apply(MagnitudePruning(sparsity: 0.7), trained).graph
    let count = weights(graph).reduce(0) { $0 + $1.parameter.value.values.count }
    #expect(zeros(second) == Int((0.7 * Double(count)).rounded()))
    for (name, parameter) in weights(first) {
      let after = try #require(second.parameters[name]).survivors
      for (before, after) in zip(parameter.survivors, after) { #expect(before || !after) }
    }
    #expect(
      errorMessage { _ = try apply(MagnitudePruning(sparsity: 0.3), second) }
        .hasPrefix("magnitude-pruning: changes nothing: "))
  }

  @Test("The cubic schedule follows its closed form and never gives back")
  func cubic() throws {
    let graph = try SmallGraph.separable.graph()
    var method = MagnitudePruning(sparsity: 0.9)
    method.amount.schedule = .cubic
    method.amount.initialSparsity = 0.1
    #expect(method.pacing == .gradual(times: 10, share: 0.5))
    // The sparsity 0.9 + (0.1 - 0.9)·(1 - p)³ at p = 0, 1/4, 1/2, 3/4, 1.
    for (progress, sparsity) in [(0.0, 0.1), (0.25, 0.5625), (0.5, 0.8), (0.75, 0.8875), (1, 0.9)] {
      #expect(abs(method.amount.sparsity(at: progress) - sparsity) < 1e-12)
    }
    let count = weights(graph).reduce(0) { $0 + $1.parameter.value.values.count }
    var stepped = graph
    for progress in [0.0, 0.25, 0.5, 0.75, 1] {
      stepped = try apply(method, stepped, of: graph, progress: progress).graph
      #expect(zeros(stepped) == Int((method.amount.sparsity(at: progress) * Double(count)).rounded()))
    }
    #expect(try apply(method, stepped, of: graph).graph == stepped)
    #expect(try apply(MagnitudePruning(sparsity: 0.9), graph).graph == stepped)
  }

  @Test("The linear and the geometric schedule follow their closed forms, at the steps of a stage")
  func schedules() throws {
    let graph = try SmallGraph.separable.graph()
    let count = weights(graph).reduce(0) { $0 + $1.parameter.value.values.count }
    var method = MagnitudePruning(sparsity: 0.9)
    method.amount.initialSparsity = 0.1
    // Linear: 0.1 + 0.8·p. Geometric: the surviving share falls from 0.9 to 0.1, by 1/9 in all and 1/3 at
    // half.
    let expected: [(PruningSchedule, [(Double, Double)])] = [
      (.linear, [(0, 0.1), (0.25, 0.3), (0.5, 0.5), (1, 0.9)]),
      (.geometric, [(0, 0.1), (0.5, 0.7), (1, 0.9)]),
    ]
    for (schedule, steps) in expected {
      method.amount.schedule = schedule
      #expect(method.pacing == .gradual(times: 10, share: 0.5))
      var stepped = graph
      for (progress, sparsity) in steps {
        #expect(abs(method.amount.sparsity(at: progress) - sparsity) < 1e-12, "\(schedule) \(progress)")
        stepped = try apply(method, stepped, of: graph, progress: progress).graph
        #expect(zeros(stepped) == Int((sparsity * Double(count)).rounded()))
      }
    }
    // Three rounds that each keep half leave an eighth.
    method.amount = PruningAmount(sparsity: 0.875)
    method.amount.schedule = .geometric
    #expect(
      (1...3).map { method.amount.sparsity(at: Double($0) / 3) }.map { ($0 * 1e12).rounded() } == [
        0.5e12, 0.75e12, 0.875e12,
      ])
    #expect(PruningSchedule.geometric.share(at: 0.3) == 0.3 && PruningSchedule.linear.share(at: 2) == 1)
  }

  @Test("A threshold prunes below its multiple of each layer's standard deviation")
  func threshold() throws {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [4])])
    try graph.append(Linear(features: 2), name: "logits", inputs: ["image"])
    graph.outputs = ["logits"]
    graph.initializeParameters(seed: 0)
    // Mean 0 and variance (4·1 + 4·9)/8 = 5: the standard deviation is 2.236, and half of it 1.118.
    graph.parameters["logits.weight"]?.value.values = [1, -1, 3, -3, -1, 1, -3, 3]
    var method = MagnitudePruning()
    method.threshold = 0.5
    let pruned = try apply(method, graph).graph
    #expect(pruned.parameters["logits.weight"]?.projected.values == [0, 0, 3, -3, 0, 0, -3, 3])
    method.threshold = 0.4
    #expect(errorMessage { _ = try apply(method, graph) }.contains("no weight is below the limit"))
  }

  @Test("One weight of each tensor stays, and of equal ones the first go")
  func protection() throws {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [2])])
    try graph.append(Linear(features: 2), name: "logits", inputs: ["image"])
    graph.outputs = ["logits"]
    graph.initializeParameters(seed: 0)
    graph.parameters["logits.weight"]?.value.values = [1, 2, 2, -1]
    let all = try apply(MagnitudePruning(sparsity: 0.999), graph).graph
    #expect(all.parameters["logits.weight"]?.projected.values == [0, 2, 0, 0])
    let quarter = try apply(MagnitudePruning(sparsity: 0.25), graph).graph
    #expect(quarter.parameters["logits.weight"]?.projected.values == [0, 2, 2, -1])
  }

  @Test("Overrides leave layers out or give them a sparsity of their own")
  func overrides() throws {
    let graph = try SmallGraph.lenet.graph()
    let pruned = try apply(
      MagnitudePruning(sparsity: 0.5), graph,
      overrides: ["conv1": nil, "hidden": MagnitudePruning(sparsity: 0.25)]
    ).graph
    #expect(pruned.parameters["conv1.weight"] == graph.parameters["conv1.weight"])
    let hidden = try #require(pruned.parameters["hidden.weight"]).projected.values
    #expect(hidden.count { $0 == 0 } == Int((0.25 * Double(hidden.count)).rounded()))
  }

  @Test("The control of magnitude pruning takes as much by chance; a threshold has none")
  func control() throws {
    var method = MagnitudePruning(sparsity: 0.7, scope: .layer)
    method.amount.schedule = .cubic
    let control = try #require(method.randomControl as? RandomPruning)
    #expect(control.amount == method.amount)
    method.threshold = 1
    #expect(method.randomControl == nil)
  }

  @Test("Settings are read by name, and out of range refused")
  func settings() throws {
    let node = try SettingsNode(
      yaml: "{sparsity: 0.9, scope: layer, schedule: cubic, times: 4, share: 0.25}", source: "test.yaml")
    let method = try MagnitudePruning(from: node, owner: "magnitude-pruning")
    #expect(method.amount.scope is UniformAllocation)
    #expect(method.pacing == .gradual(times: 4, share: 0.25))
    let bad = try SettingsNode(yaml: "sparsty: 0.9", source: "test.yaml")
    #expect(
      errorMessage { _ = try MagnitudePruning(from: bad, owner: "magnitude-pruning") }
        .contains("did you mean \"sparsity\"?"))
    let high = try SettingsNode(yaml: "sparsity: 1", source: "test.yaml")
    #expect(throws: SettingsError.self) { try MagnitudePruning(from: high, owner: "magnitude-pruning") }
  }
}
