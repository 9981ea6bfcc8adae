import Graphs
import LinearAlgebra
import Methods
import Ops
import Tensors
import TestSupport
import Testing

@Suite("svd-linear")
struct SVDLinearTests {
  /// A network of two linear layers; the weight of the first is a product of rank `rank`.
  private func perceptron(rank: Int) throws -> Graph {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [30])])
    try graph.append(Linear(features: 20), name: "hidden", inputs: ["image"])
    try graph.append(BatchNorm(), name: "norm", inputs: ["hidden"])
    try graph.append(Linear(features: 3), name: "logits", inputs: ["norm"])
    graph.outputs = ["logits"]
    graph.scatterParameters(seed: 8)
    var random = SeededRandom(seed: 1, purpose: "low rank")
    let left = Tensor((0..<20 * rank).map { _ in random.normal() }, shape: [20, rank])
    let right = Tensor((0..<rank * 30).map { _ in random.normal() }, shape: [rank, 30])
    graph.parameters["hidden.weight"] = Parameter(try left.multiplied(by: right))
    return graph
  }

  private func method(energy: Double = 0.9, keptRatio: Double? = nil) -> SVDLinear {
    var method = SVDLinear()
    method.energy = energy
    method.keptRatio = keptRatio
    method.classifier = true
    return method
  }

  @Test("the classifier stays whole unless it is asked for")
  func classifier() throws {
    let graph = try perceptron(rank: 4)
    let smaller = try compressed(graph, by: SVDLinear()).graph
    #expect(smaller.nodes.map(\.name) == ["hidden.reduce", "hidden", "norm", "logits"])
    let all = try compressed(graph, by: method(energy: 0.5)).graph
    #expect(all.nodes.map(\.name) == ["hidden.reduce", "hidden", "norm", "logits.reduce", "logits"])
  }

  @Test("a matrix of rank 4 is found to have it, and the network computes what it did")
  func exact() throws {
    let graph = try perceptron(rank: 4)
    let smaller = try compressed(graph, by: method(energy: 0.999999), overrides: ["logits": nil]).graph
    #expect(smaller.nodes.map(\.name) == ["hidden.reduce", "hidden", "norm", "logits"])
    #expect(smaller.shape(of: "hidden.reduce") == [1, 4])
    #expect(relativeDistance(try graph.output("logits"), try smaller.output("logits")) < 1e-5)
    #expect(smaller.parameterCount == graph.parameterCount - 20 * 30 + 4 * (20 + 30))
  }

  @Test("the error is the sum of the squared singular values dropped", arguments: [0.2, 0.4, 0.8])
  func truncated(keptRatio: Double) throws {
    let graph = try perceptron(rank: 20)
    let smaller = try compressed(graph, by: method(keptRatio: keptRatio), overrides: ["logits": nil]).graph
    let rank = Int(keptRatio * 600 / 50)
    #expect(smaller.shape(of: "hidden.reduce") == [1, rank])
    let weight = try #require(graph.parameters["hidden.weight"]?.value)
    let left = try #require(smaller.parameters["hidden.weight"]?.value)
    let right = try #require(smaller.parameters["hidden.reduce.weight"]?.value)
    let dropped = try weight.svd().values.dropFirst(rank).reduce(0) { $0 + $1 * $1 }
    let error = squaredDistance(weight.values, try left.multiplied(by: right).values)
    #expect(abs(error - dropped) < 1e-5 * dropped)
  }

  @Test("energy keeps the fewest values that hold it")
  func energy() throws {
    var graph = try perceptron(rank: 1)
    // The singular values 4, 2, 1 and 0.5 have the squares 16, 4, 1 and 0.25, with a sum of 21.25.
    var weight = Tensor(zeros: [20, 30])
    for (index, value) in [Float(4), 2, 1, 0.5].enumerated() { weight.values[index * 31] = value }
    graph.parameters["hidden.weight"] = Parameter(weight)
    for (energy, rank) in [(0.75, 1), (0.76, 2), (0.94, 2), (0.95, 3), (0.99, 4), (1, 4)] {
      let smaller = try compressed(graph, by: method(energy: energy), overrides: ["logits": nil]).graph
      #expect(smaller.shape(of: "hidden.reduce") == [1, rank], "energy \(energy)")
    }
  }

  @Test("the bias stays with the name and its origin; factors have none")
  func origins() throws {
    let graph = try perceptron(rank: 2)
    let rewrite = try compressed(graph, by: method(), overrides: ["logits": nil])
    #expect(rewrite.origin["hidden.bias"] == Origin(parameter: "hidden.bias"))
    #expect(rewrite.graph.parameters["hidden.bias"] == graph.parameters["hidden.bias"])
    #expect(rewrite.graph.parameters["hidden.reduce.bias"] == nil)
    #expect(rewrite.origin["hidden.weight"] == nil)
    #expect(rewrite.origin["hidden.reduce.weight"] == nil)
    #expect(rewrite.origin["norm.scale"] == Origin(parameter: "norm.scale"))
  }

  @Test("a layer whose factors would be no smaller stays, and a network of such is an error")
  func notSmaller() throws {
    let graph = try perceptron(rank: 20)
    #expect(
      errorMessage { _ = try compressed(graph, by: method(energy: 1)) }
        == "svd-linear: changes nothing: at the rank asked for, the factors of hidden, logits would have no fewer "
        + "parameters than the layers; keep less")
    let narrow = try #require(graph.node(named: "norm"))
    #expect(
      SVDLinear().applicability(to: narrow, in: graph) == .notApplicable(reason: "it is no linear layer"))
    var column = Graph(inputs: [GraphInput(name: "image", shape: [30])])
    try column.append(Linear(features: 1), name: "logits", inputs: ["image"])
    let layer = try #require(column.node(named: "logits"))
    #expect(
      method().applicability(to: layer, in: column)
        == .notApplicable(reason: "even at rank 1 its factors have 31 weights, it has 30"))
  }

  @Test("factorizing twice takes another name for the new layer")
  func twice() throws {
    let once = try compressed(try perceptron(rank: 8), by: method(energy: 0.999), overrides: ["logits": nil])
      .graph
    let twice = try compressed(
      once, by: method(keptRatio: 0.5), overrides: ["logits": nil, "hidden.reduce": nil]
    ).graph
    #expect(twice.nodes.map(\.name) == ["hidden.reduce", "hidden.reduce2", "hidden", "norm", "logits"])
  }

  @Test("a recipe's override for a layer rules there")
  func overrides() throws {
    let graph = try perceptron(rank: 20)
    let smaller = try compressed(
      graph, by: method(keptRatio: 0.5), overrides: ["hidden": method(keptRatio: 0.25), "logits": nil]
    ).graph
    #expect(smaller.shape(of: "hidden.reduce") == [1, 3])
  }
}
