import Graphs
import LinearAlgebra
import Ops
import Tensors
import TestSupport
import Testing

@testable import Methods

@Suite("Choice of ranks")
struct RankChoiceTests {
  /// A network of two convolutions with 24 and 16 filters and two linear layers.
  private func network() throws -> Graph {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [6, 8, 8])])
    try graph.append(Conv2D(filters: 24, kernel: 3, padding: 1), name: "conv1", inputs: ["image"])
    try graph.append(ReLU(), name: "relu1", inputs: ["conv1"])
    try graph.append(
      Conv2D(filters: 16, kernel: 3, stride: 2, padding: 1, bias: false), name: "conv2", inputs: ["relu1"])
    try graph.append(ReLU(), name: "relu2", inputs: ["conv2"])
    try graph.append(Flatten(), name: "flat", inputs: ["relu2"])
    try graph.append(Linear(features: 24), name: "hidden", inputs: ["flat"])
    try graph.append(ReLU(), name: "relu3", inputs: ["hidden"])
    try graph.append(Linear(features: 5), name: "logits", inputs: ["relu3"])
    graph.outputs = ["logits"]
    graph.scatterParameters(seed: 11)
    return graph
  }

  private func compress<M: CompressionMethod>(
    _ graph: Graph, _ method: M, images: Int = 32, overrides: [String: M?] = [:]
  ) throws -> Rewrite {
    var compression = Compression(
      method, graph: graph, evidence: ImageEvidence(graph, images: images),
      random: SeededRandom(seed: 3, purpose: "compression"), overrides: overrides)
    let rewrite = try method.compress(&compression)
    try rewrite.graph.verify()
    return rewrite
  }

  // MARK: Whole ranks

  /// The network with a layer factored at full rank, although that makes it larger.
  private func whole<F: LayerFactors>(_ factors: F?, of node: String, in graph: Graph) throws -> Graph {
    let factors = try #require(factors)
    let layers = try factors.layers(try #require(factors.ranks.last), shapesAlone: false)
    #expect(try factors.lost(try #require(factors.ranks.last)) < 1e-8)
    return try graph.replacing([node: layers], key: 1).graph
  }

  private func expectSame(_ graph: Graph, _ other: Graph) throws {
    #expect(relativeDistance(try graph.output("logits"), try other.output("logits")) < 1e-4)
  }

  @Test("in whole rank the factors of linear layers compute what the layer does", arguments: [2, 3, 4])
  func wholeLinear(cores: Int) throws {
    let graph = try network()
    let node = try #require(graph.node(named: "hidden"))
    let weight = try graph.weight(of: node)
    try expectSame(graph, whole(LinearFactors(node, in: graph, by: weight.svd()), of: "hidden", in: graph))
    var moment = Tensor(repeating: 0.2, shape: [256, 256])
    for i in 0..<256 { moment.values[i * 257] = 1 + Float(i % 7) }
    try expectSame(
      graph,
      whole(LinearFactors(node, in: graph, by: weight.svd(weightedBy: moment)), of: "hidden", in: graph))
    var train = TensorTrain()
    train.cores = cores
    try expectSame(graph, whole(TrainFactors(node, train, in: graph), of: "hidden", in: graph))
  }

  @Test(
    "in whole rank the factors of convolutions compute what the layer does", arguments: ["conv1", "conv2"])
  func wholeConvolution(name: String) throws {
    let graph = try network()
    let node = try #require(graph.node(named: name))
    try expectSame(graph, whole(SpatialFactors(node, in: graph), of: name, in: graph))
    for weighting in [FactorWeighting.weights, .outputs] {
      var method = ChannelSVD()
      method.weighting = weighting
      var compression = Compression(method, graph: graph, evidence: ImageEvidence(graph))
      try expectSame(graph, whole(ChannelFactors(node, method, &compression), of: name, in: graph))
    }
  }

  @Test("a kernel that is a sum of four products is found again as a chain", arguments: [true, false])
  func canonical(split: Bool) throws {
    var graph = try network()
    var kernel = Tensor(zeros: [16, 24, 3, 3])
    let vectors = [16, 24, 3, 3].enumerated().map { axis, extent in
      Tensor(random: [extent, 4], in: -1...1, seed: UInt64(axis + 40), "vectors").values
    }
    for place in kernel.values.indices {
      let indices = [place / 216, place / 9 % 24, place / 3 % 3, place % 3]
      for term in 0..<4 {
        var product: Float = 1
        for axis in 0..<4 { product *= vectors[axis][indices[axis] * 4 + term] }
        kernel.values[place] += product
      }
    }
    graph.parameters["conv2.weight"] = Parameter(kernel)
    var method = CanonicalConvolution()
    (method.energy, method.split, method.iterations, method.starts) = (0.99999, split, 1000, 3)
    let rewrite = try compress(graph, method, overrides: ["conv1": nil])
    #expect(rewrite.warnings.isEmpty)
    #expect(rewrite.graph.shape(of: "conv2.reduce")?[1] ?? 99 <= 4)
    let chain = split ? ["conv2.reduce", "conv2.column", "conv2.row"] : ["conv2.reduce", "conv2.column"]
    #expect(rewrite.graph.nodes.map(\.name).filter { $0.hasPrefix("conv2.") } == chain)
    #expect(rewrite.graph.shape(of: "conv2") == graph.shape(of: "conv2"))
    #expect(relativeDistance(try graph.output("logits"), try rewrite.graph.output("logits")) < 1e-2)
    method.keptRatio = 4.5 * 46 / 3456
    if split {
      let four = try compress(graph, method, overrides: ["conv1": nil]).graph
      #expect(four.shape(of: "conv2.reduce")?[1] == 4)
      try expectSame(graph, four)
    }
  }

  // MARK: Rules

  @Test("variational Bayes finds the rank under noise")
  func bayesian() throws {
    var graph = try network()
    var random = SeededRandom(seed: 5, purpose: "noise")
    let left = Tensor((0..<24 * 3).map { _ in random.normal() }, shape: [24, 3])
    let right = Tensor((0..<3 * 256).map { _ in random.normal() }, shape: [3, 256])
    var weight = try left.multiplied(by: right)
    for i in weight.values.indices { weight.values[i] += 0.3 * random.normal() }
    graph.parameters["hidden.weight"] = Parameter(weight)
    var method = SVDLinear()
    method.choice.rule = .bayesian
    #expect(try compress(graph, method).graph.shape(of: "hidden.reduce") == [1, 3])
    var tucker = Tucker2()
    tucker.choice.rule = .bayesian
    // Nothing stands out of noise, so the ranks are the lowest ones.
    let rewrite = try compress(graph, tucker, overrides: ["conv1": nil])
    #expect(rewrite.graph.parameterCount < graph.parameterCount)
  }

  @Test(
    "the error of outputs is the sum of what is left out, and no more than that of the plain decomposition")
  func weighted() throws {
    let graph = try network()
    let evidence = ImageEvidence(graph, images: 64)
    var method = ActivationSVD()
    method.keptRatio = 0.3
    method.choice.fit.images = 64
    let found = try compress(graph, method, images: 64).graph
    var plain = SVDLinear()
    plain.keptRatio = 0.3
    let other = try compress(graph, plain, images: 64).graph
    #expect(found.shape(of: "hidden.reduce") == other.shape(of: "hidden.reduce"))
    func outputs(_ graph: Graph) throws -> [Float] { try evidence.values("hidden", graph) }
    let truth = try outputs(graph)
    let (error, plainError) = (
      squaredDistance(truth, try outputs(found)), squaredDistance(truth, try outputs(other))
    )
    #expect(error < plainError)
    let inputs = try evidence.values("flat", graph)
    let weight = try #require(graph.parameters["hidden.weight"]).value
    let products = try weight.multiplied(by: Tensor(inputs, shape: [64, 256]).exchangingLeadingAxes())
    let rank = try #require(found.shape(of: "hidden.reduce"))[1]
    let expected = try products.svd().values.dropFirst(rank).reduce(0) { $0 + $1 * $1 }
    #expect(abs(error - expected) < 0.02 * expected)
  }

  @Test("a budget of the network is kept, by parameters and by multiply-adds", arguments: [0.3, 0.6, 0.9])
  func budget(share: Double) throws {
    let graph = try network()
    for measure in [RankChoice.Measure.parameters, .multiplyAdds] {
      var tucker = Tucker2()
      (tucker.choice.budget, tucker.choice.measure) = (share, measure)
      var linear = SVDLinear()
      (linear.choice.budget, linear.choice.measure) = (share, measure)
      for rewrite in [try compress(graph, tucker), try? compress(graph, linear)].compactMap({ $0 }) {
        let (left, whole) =
          measure == .parameters
          ? (rewrite.graph.parameterCount, graph.parameterCount)
          : (rewrite.graph.multiplyAdds, graph.multiplyAdds)
        #expect(Double(left) <= share * Double(whole) || !rewrite.warnings.isEmpty)
      }
    }
    #expect(
      errorMessage {
        var method = Tucker2()
        method.choice.budget = 1
        _ = try compress(graph, method)
      } == "tucker-2: changes nothing: a budget of 1 keeps the whole network; lower it")
  }

  /// The evidence of a target on which each layer takes a fixed time besides its multiply-adds.
  private struct Timed: Evidence {
    let perLayer: Double
    func forEachGradient(images: Int, _ body: ([String: Tensor]) -> Void) throws {}
    func forEachActivation(
      of values: [String], images: Int, real: Bool, _ body: ([String: Tensor]) -> Void
    ) throws {}
    func latencyMs(of graph: Graph, on target: String) throws -> Double {
      #expect(target == "board")
      // No weight is zero, so no cost model can skip weights here.
      #expect(
        graph.nodes.count > 4 || graph.parameters.values.allSatisfy { $0.value.values.allSatisfy { $0 != 0 } }
      )
      return Double(graph.multiplyAdds) + perLayer * Double(graph.nodes.count { $0.op is any ProductOp })
    }
  }

  @Test(
    "a layer that would be no faster on the target is left alone, and that is said",
    arguments: [0.0, 7e4, 1e7])
  func slower(perLayer: Double) throws {
    let graph = try network()
    func compress(_ method: Tucker2) throws -> Rewrite {
      var compression = Compression(method, graph: graph, evidence: Timed(perLayer: perLayer))
      return try method.compress(&compression)
    }
    var method = Tucker2()
    (method.keptRatio, method.choice.target) = (0.4, "board")
    #expect(method.target == "board" && method.evidence == [.latency])
    // conv1 has 82,944 multiply-adds, conv2 55,296.
    switch perLayer {
    case 0:
      let rewrite = try compress(method)
      #expect(rewrite.warnings.isEmpty)
      #expect(
        rewrite.graph.node(named: "conv1.core") != nil && rewrite.graph.node(named: "conv2.core") != nil)
    case 1e7:
      #expect(
        errorMessage { _ = try compress(method) }
          == "tucker-2: changes nothing: on board conv1, conv2 would not become faster and stay as they are")
    default:
      #expect(errorMessage { _ = try compress(method) }.contains("on board"))
    }
    method.choice.budget = 0.7
    method.choice.measure = .latency
    guard perLayer == 0 else { return }
    let timed = try compress(method).graph
    let evidence = Timed(perLayer: perLayer)
    #expect(
      try evidence.latencyMs(of: timed, on: "board") <= 0.7 * evidence.latencyMs(of: graph, on: "board"))
    method.choice.target = nil
    #expect(errorMessage { _ = try compress(method) }.contains("name the \"target\" too"))
  }

  @Test("of few layers and ranks the budget's choice is the best of all that there are")
  func budgetIsBest() {
    // Convex options, as singular values give them; costs are integers.
    let numbers: [[(Double, Double)]] = [
      [(2, 0.6), (4, 0.3), (6, 0.12), (8, 0.03)], [(1, 0.5), (2, 0.2), (3, 0.08)], [(5, 0.05), (7, 0.01)],
    ]
    let layers = numbers.map { $0.map { RankBudget.Option(cost: $0.0, lost: $0.1) } }
    let whole = [10.0, 4, 9]
    for limit in stride(from: 8.0, through: 23, by: 1) {
      let found = RankBudget.choose(layers, whole: whole, limit: limit, of: 23)
      func value(_ choices: [Int?]) -> (cost: Double, kept: Double) {
        var (cost, kept) = (0.0, 1.0)
        for (layer, choice) in choices.enumerated() {
          cost += choice.map { layers[layer][$0].cost } ?? whole[layer]
          kept *= choice.map { 1 - layers[layer][$0].lost } ?? 1
        }
        return (cost, kept)
      }
      var best = 0.0
      for a in [nil, 0, 1, 2, 3] as [Int?] {
        for b in [nil, 0, 1, 2] as [Int?] {
          for c in [nil, 0, 1] as [Int?] {
            let tried = value([a, b, c])
            if tried.cost <= limit { best = max(best, tried.kept) }
          }
        }
      }
      let chosen = value(found.choices)
      #expect(chosen.cost <= limit && abs(chosen.cost - found.total) < 1e-9)
      // The steps of the hull are slightly worse than the optimum if the limit falls between two of them.
      #expect(chosen.kept >= 0.85 * best)
    }
    #expect(RankBudget.choose(layers, whole: whole, limit: 1, of: 23).choices == [0, 0, 0])
    #expect(RankBudget.choose(layers, whole: whole, limit: 23, of: 23).choices == [nil, nil, nil])
  }

  @Test("fitting the last layers of chains brings outputs nearer, and adds no errors up")
  func reconstruction() throws {
    let graph = try network()
    func error<M: FactorizationMethod>(_ method: M) throws -> (plain: Double, fitted: Double) {
      var (plain, fitted) = (method, method)
      plain.keptRatio = 0.4
      fitted.keptRatio = 0.4
      fitted.choice.reconstruct = true
      fitted.choice.fit.places = 64
      let others = ImageEvidence(graph, images: 32, seed: 9)
      let truth = try others.values("hidden", graph)
      return (
        squaredDistance(truth, try others.values("hidden", compress(graph, plain).graph)),
        squaredDistance(truth, try others.values("hidden", compress(graph, fitted).graph))
      )
    }
    for found in [try error(Tucker2()), try error(SpatialSVD()), try error(ChannelSVD())] {
      #expect(found.fitted < 0.9 * found.plain)
    }
    #expect(
      errorMessage {
        var train = TensorTrain()
        train.choice.reconstruct = true
        _ = try compress(graph, train)
      }.contains("\"reconstruct\" fits a layer that makes all outputs"))
  }

  @Test("with bounded terms no warning, without the bound the report says how large they got")
  func degeneracy() throws {
    // Sums of two products approach a⊗a⊗b + a⊗b⊗a + b⊗a⊗a without limit.
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [2, 6, 6])])
    try graph.append(Conv2D(filters: 2, kernel: Extent(2, 1), bias: false), name: "conv", inputs: ["image"])
    graph.outputs = ["conv"]
    graph.parameters["conv.weight"] = Parameter(Tensor([0, 1, 1, 0, 1, 0, 0, 0], shape: [2, 2, 2, 1]))
    var method = CanonicalConvolution()
    (method.penalty, method.iterations) = (1e-3, 20_000)
    func terms(_ method: CanonicalConvolution) throws -> Double {
      let node = try #require(graph.node(named: "conv"))
      let factors = try #require(try CanonicalFactors(node, method, in: graph, key: 1, LargestTerms()))
      let layers = try factors.layers(2, shapesAlone: false)
      return Double(layers.flatMap { $0.parameters.values.flatMap(\.values) }.map(abs).max() ?? 0)
    }
    let bounded = try terms(method)
    method.penalty = 0
    #expect(try terms(method) > 1.3 * bounded)
  }

  @Test("factors of numbers are as even as they come")
  func modes() {
    #expect(TrainModes.factors(of: 256, count: 2) == [16, 16])
    #expect(TrainModes.factors(of: 784, count: 2) == [28, 28])
    #expect(TrainModes.factors(of: 300, count: 3).reduce(1, *) == 300)
    #expect(TrainModes.factors(of: 7, count: 2) == [7, 1])
    #expect(!TrainModes(inputs: 7, outputs: 12, count: 2).isProper)
  }
}
