import Encodings
import Execution
import Graphs
import Ops
import Tasks
import Tensors
import TestSupport
import Testing
import Training

@testable import Methods

@Suite("What follows pruning: rewinding, and dropouts of less")
struct RewindTests {
  private func evidence(_ graph: Graph, _ initial: Graph?) -> PlanEvidence {
    PlanEvidence(
      graph, task: Classification(), backend: ReferenceBackend(),
      source: PatternSource(graph, images: 0, batch: 4), batch: 4,
      initial: { initial?.parameters.mapValues(\.value) })
  }

  private func rewind(_ graph: Graph, to initial: Graph?) throws -> Graph {
    var compression = Compression(Rewind(), graph: graph, evidence: evidence(graph, initial))
    let rewrite = try Rewind().compress(&compression)
    try rewrite.graph.verify()
    return rewrite.graph
  }

  @Test("Weights that are left are those of initialization, masks stay, statistics start afresh")
  func rewinds() throws {
    var initial = try SmallGraph.residual.graph()
    initial.initializeParameters(seed: 9)
    let trained = try SmallGraph.residual.graph()
    let pruned = try compressed(trained, by: MagnitudePruning(sparsity: 0.7)).graph
    let rewound = try rewind(pruned, to: initial)
    for (name, parameter) in rewound.parameters {
      let first = try #require(initial.parameters[name]).value
      let before = try #require(pruned.parameters[name])
      #expect(parameter.encoding.isEqual(to: before.encoding))
      #expect(
        parameter.projected.values
          == zip(first.values, before.survivors).map { $1 ? $0 : 0 }, "\(name)")
    }
    #expect(rewound.parameters["stem.norm.variance"]?.value.values.allSatisfy { $0 == 1 } == true)
    #expect(try rewind(rewound, to: initial) == rewound)
  }

  @Test("Unknown initializations, removed channels and layers that are left out")
  func refusals() throws {
    let graph = try SmallGraph.lenet.graph()
    #expect(errorMessage { _ = try rewind(graph, to: nil) }.contains("they are not known of this network"))
    let smaller = try compressed(graph, by: ChannelPruning(sparsity: 0.5, scope: .layer)).graph
    #expect(
      errorMessage { _ = try rewind(smaller, to: graph) }
        .contains("conv1: conv1.weight was not there, or had another shape, at initialization"))
    var initial = graph
    initial.initializeParameters(seed: 2)
    var compression = Compression(
      Rewind(), graph: graph, evidence: evidence(graph, initial), overrides: ["conv1": nil])
    let rewound = try Rewind().compress(&compression).graph
    #expect(rewound.parameters["conv1.weight"] == graph.parameters["conv1.weight"])
    #expect(rewound.parameters["conv2.weight"] == initial.parameters["conv2.weight"])
  }

  @Test(
    "New weights are drawn for the shape that is left, by the seed, masks staying; no initialization is asked for"
  )
  func anew() throws {
    let graph = try SmallGraph.residual.graph()
    let smaller = try compressed(graph, by: ChannelPruning(sparsity: 0.5, scope: .layer)).graph
    let masked = try compressed(smaller, by: MagnitudePruning(sparsity: 0.6)).graph
    func drawn(_ seed: UInt64) throws -> Graph {
      var compression = Compression(
        Rewind(to: .random), graph: masked, evidence: NoEvidence(), random: SeededRandom(key: seed))
      return try Rewind(to: .random).compress(&compression).graph
    }
    let first = try drawn(1)
    try first.verify()
    #expect(try first == drawn(1))
    let second = try drawn(2)
    #expect(Rewind(to: .random).evidence.isEmpty && Rewind().evidence == [.initialWeights])
    for node in masked.nodes {
      for (name, slot) in masked.slots(of: node) {
        let before = try #require(masked.parameters[name])
        let now = try #require(first.parameters[name])
        #expect(now.encoding.isEqual(to: before.encoding))
        var (one, other) = (SeededRandom(key: 1), SeededRandom(key: 2))
        let constant = slot.initializer.tensor(slot.shape, &one)
        guard constant != slot.initializer.tensor(slot.shape, &other) else {
          #expect(now.value == constant, "\(name)")
          continue
        }
        #expect(now.projected != before.projected && now != second.parameters[name], "\(name)")
        #expect(now.survivors == before.survivors)
      }
    }
    // The spread follows the remaining fan-in, as draws of many weights show.
    let wide = Linear(features: 400)
    var large = Graph(inputs: [GraphInput(name: "image", shape: [100])])
    try large.append(wide, name: "logits", inputs: ["image"])
    large.outputs = ["logits"]
    large.initializeParameters(seed: 3)
    var compression = Compression(Rewind(to: .random), graph: large)
    let again = try Rewind(to: .random).compress(&compression).graph
    func squares(_ graph: Graph) -> Double {
      graph.parameters["logits.weight"]?.value.values.reduce(0) { $0 + Double($1) * Double($1) } ?? 0
    }
    #expect(abs(squares(again) / squares(large) - 1) < 0.05 && again != large)
  }

  @Test("A dropout's rate falls with the root of the share of connections that are left")
  func dropouts() throws {
    var graph = try SmallGraph.dropout.graph()
    func rates(_ graph: Graph) -> [Float] { graph.nodes.compactMap { ($0.op as? Dropout)?.rate } }
    #expect(rates(graph) == [0.25, 0.5])
    #expect(
      errorMessage { _ = try compressed(graph, by: DropoutAdaptation()) }.contains("prune weights first"))
    // A quarter of 360 connections stays, and 14 of the 40 to the classes.
    for (name, kept) in [("hidden.weight", 90), ("logits.weight", 14)] {
      let parameter = try #require(graph.parameters[name])
      graph.parameters[name] = parameter.masked(by: parameter.value.values.indices.map { $0 < kept })
    }
    let adapted = try compressed(graph, by: DropoutAdaptation())
    let expected: [Double] = [0.25 * 0.5, 0.5 * (14.0 / 40).squareRoot()]
    for (rate, expected) in zip(rates(adapted.graph), expected) {
      #expect(abs(Double(rate) - expected) < 1e-7)
    }
    #expect(adapted.graph.parameters == graph.parameters)
    #expect(adapted.origin == Rewrite(inPlace: graph).origin)
    // With the initial rate given, a second application changes nothing.
    var again = DropoutAdaptation()
    again.rate = 0.5
    let second = try compressed(adapted.graph, by: again).graph
    #expect(abs(Double(rates(second)[0]) - 0.25) < 1e-7 && rates(second)[1] == rates(adapted.graph)[1])
    #expect(
      DropoutAdaptation().applicability(to: graph.nodes[0], in: graph)
        == .notApplicable(reason: "it drops nothing"))
  }

  @Test("Where no layer reads what is dropped, the layer that makes it counts")
  func maker() throws {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [4])])
    try graph.append(Linear(features: 4, bias: false), name: "hidden", inputs: ["image"])
    try graph.append(ReLU(), name: "relu", inputs: ["hidden"])
    try graph.append(Dropout(rate: 0.5), name: "drop", inputs: ["relu"])
    graph.outputs = ["drop"]
    graph.initializeParameters(seed: 1)
    let weight = try #require(graph.parameters["hidden.weight"])
    graph.parameters["hidden.weight"] = weight.masked(by: (0..<16).map { $0 < 4 })
    let adapted = try compressed(graph, by: DropoutAdaptation()).graph
    #expect((adapted.node(named: "drop")?.op as? Dropout)?.rate == 0.25)
  }

  @Test("What methods leave between two points of a stage comes back from a checkpoint equal")
  func stored() throws {
    let graph = try SmallGraph.residual.graph()
    func between<M: CompressionMethod>(_ method: M) throws -> Graph {
      var compression = Compression(
        method, graph: graph, of: graph, progress: 0.5,
        evidence: PlanEvidence(
          graph, task: Classification(), backend: ReferenceBackend(),
          source: PatternSource(graph, images: 8, batch: 4), batch: 4))
      return try method.compress(&compression).graph
    }
    let networks = [
      try between(DynamicSurgery()), try between(MovementPruning()), try between(ADMMPruning()),
      try between(KarninPruning()),
      try between(GrowingRegularization()), try between(SoftFilterPruning()),
    ]
    for network in networks {
      let file = NetworkFile(graph: network, note: "")
      #expect(file.isExact && network != graph)
      #expect(try NetworkFile(bytes: file.bytes, file: "test").graph == network)
    }
  }
}
