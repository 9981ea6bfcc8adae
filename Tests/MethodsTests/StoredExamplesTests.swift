import Execution
import Graphs
import Methods
import Ops
import Settings
import Tasks
import Tensors
import TestSupport
import Testing

@Suite("Stored examples")
struct StoredExamplesTests {
  /// Four images of two features a class, in the order 0, 1, 0, 1, …; class 1 lies at (10, …).
  private struct Examples: Evidence {
    func forEachGradient(images: Int, _ body: ([String: Tensor]) -> Void) throws {}
    func forEachActivation(
      of values: [String], images: Int, real: Bool, _ body: ([String: Tensor]) -> Void
    ) throws {}
    func forEachExample(
      of values: [String], images: Int, _ body: ([String: Tensor], _ classes: [Int]) -> Void
    ) throws {
      for batch in 0..<2 {
        let rows = (0..<4).map { [Float($0 % 2 * 10), Float(batch * 4 + $0)] }
        body([values[0]: Tensor(rows.flatMap { $0 }, shape: [4, 2])], (0..<4).map { $0 % 2 })
      }
    }
  }

  private func network(prototypes: Int, bias: Bool = true) throws -> Graph {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [2])])
    try graph.append(Prototypes(count: prototypes, rate: 5), name: "kernels", inputs: ["image"])
    try graph.append(Linear(features: 2, bias: bias), name: "logits", inputs: ["kernels"])
    graph.outputs = ["logits"]
    graph.initializeParameters(seed: 1)
    return graph
  }

  private func compress(_ method: StoredExamples, _ graph: Graph) throws -> Rewrite {
    var compression = Compression(method, graph: graph, evidence: Examples())
    return try method.compress(&compression)
  }

  @Test(
    "Prototypes are images of their classes, each once, and the layer behind tells the nearest one's class")
  func nearest() throws {
    let rewrite = try compress(StoredExamples(), network(prototypes: 5))
    let graph = rewrite.graph
    let points = try #require(graph.parameters["kernels.prototypes"]).value.values
    let rows = (0..<5).map { [points[$0 * 2], points[$0 * 2 + 1]] }
    #expect(Set(rows).count == 5)
    // Three of class 0, two of class 1: the first class gets what is left over.
    #expect(rows.prefix(3).allSatisfy { $0[0] == 0 && [0, 2, 4, 6].contains($0[1]) })
    #expect(rows.suffix(2).allSatisfy { $0[0] == 10 && [1, 3, 5, 7].contains($0[1]) })
    #expect(graph.parameters["logits.weight"]?.value.values == [1, 1, 1, 0, 0, 0, 0, 0, 1, 1])
    #expect(graph.parameters["logits.bias"]?.value.values == [0, 0])
    #expect(rewrite.origin.isEmpty)
    let plan = try ReferenceBackend().compile(graph, PlanOptions(batch: 2, mode: .inference))
    plan.forward(([1, 3, 8, 3] as [Float]).span, key: 0)
    let scores = try plan.numbers("logits")
    #expect(scores[0] > scores[1] && scores[3] > scores[2])
  }

  @Test("Means of clusters are those of the images of a class; the same seed draws the same")
  func means() throws {
    let graph = try compress(StoredExamples(choice: .means, images: 8), network(prototypes: 2)).graph
    #expect(graph.parameters["kernels.prototypes"]?.value.values == [0, 3, 10, 4])
    #expect(
      try compress(StoredExamples(), network(prototypes: 4)).graph
        == compress(StoredExamples(), network(prototypes: 4)).graph)
    // Of four different images of a class some stand twice.
    let many = try compress(StoredExamples(), network(prototypes: 12, bias: false)).graph
    #expect(many.parameters["kernels.prototypes"]?.value.shape == [12, 2])
  }

  @Test("Evidence of a plan tells values and classes image by image")
  func plan() throws {
    let graph = try SmallGraph.lenet.graph()
    let evidence = PlanEvidence(
      graph, task: Classification(), backend: ReferenceBackend(),
      source: PatternSource(graph, images: 8, batch: 4), batch: 4)
    var seen: [(Shape, Int)] = []
    try evidence.forEachExample(of: ["flat"], images: 8) { values, classes in
      seen.append((values["flat"]?.shape ?? [], classes.count))
    }
    #expect(seen.map(\.1) == [4, 4] && seen.allSatisfy { $0.0[0] == 4 })
  }

  @Test("What cannot be done is said: too few prototypes, another reader, no prototypes, no images")
  func refusals() throws {
    func message(_ graph: Graph, _ evidence: any Evidence = Examples()) -> String {
      errorMessage {
        var compression = Compression(StoredExamples(), graph: graph, evidence: evidence)
        _ = try StoredExamples().compress(&compression)
      }
    }
    #expect(message(try network(prototypes: 1)).contains("1 prototypes for 2 classes"))
    var graph = try network(prototypes: 2)
    try graph.append(ReLU(), name: "relu", inputs: ["kernels"])
    #expect(message(graph).contains("a linear layer that tells the classes must read it"))
    #expect(message(try SmallGraph.lenet.graph()).contains("no layer has prototypes"))
    #expect(message(try network(prototypes: 2), NoEvidence()).contains("no images of known classes"))
    let documentation = StoredExamples.documentation
    #expect(documentation.summary.count < 90 && documentation.description.count > 100)
    #expect(MethodCatalogue.type(named: StoredExamples.name) == StoredExamples.self)
  }
}
