import Foundation
import Graphs
import Ops
import Settings
import Tensors
import TestSupport
import Testing

@testable import Methods

@Suite("Laws of methods")
struct MethodLawTests {
  /// A network with a channel that nothing reads, for methods that act on such alone.
  private func withDeadChannel() throws -> Graph {
    var graph = try SmallGraph.lenet.graph()
    var weight = try #require(graph.parameters["logits.weight"]).value
    for row in 0..<weight.shape[0] { weight.values[row * weight.shape[1]] = 0 }
    graph.parameters["logits.weight"] = Parameter(weight)
    return graph
  }

  private func evidence(_ graph: Graph) -> LinearLoss { LinearLoss(graph, batches: 2, batch: 4, seed: 5) }

  /// What a method makes of a network; `nil` where it says that there is nothing to do or that it cannot.
  private func compress(_ method: MethodCase, _ graph: Graph) throws -> Rewrite? {
    do {
      return try method.compress(graph, evidence: evidence(graph))
    } catch MethodError.nothingToDo(_, let reason), MethodError.impossible(_, _, let reason) {
      #expect(reason.count > 10)
      return nil
    }
  }

  @Test(
    "A compressed network verifies, computes, and is no larger; its origins are slices of what was there",
    arguments: MethodCase.defaults, SmallGraph.allCases)
  func compresses(method: MethodCase, network: SmallGraph) throws {
    let graph = try network.graph()
    guard let rewrite = try compress(method, graph) else { return }
    try rewrite.graph.verify()
    #expect(rewrite.graph != graph)
    #expect(rewrite.graph.outputs == graph.outputs)
    #expect(try rewrite.graph.outputValues().allSatisfy { $0.allSatisfy(\.isFinite) })
    for output in graph.outputs { #expect(rewrite.graph.shape(of: output) == graph.shape(of: output)) }
    for (name, origin) in rewrite.origin {
      let new = try #require(rewrite.graph.parameters[name], "\(name) is not there")
      var old = try #require(graph.parameters[origin.parameter], "\(origin.parameter) was not there").value
      for (axis, kept) in origin.kept { old = old.gathering(kept, axis: axis) }
      #expect(old.shape == new.value.shape)
    }
  }

  @Test("Every method changes some network", arguments: MethodCase.defaults)
  func changesSomething(method: MethodCase) throws {
    let networks = try SmallGraph.allCases.map { try $0.graph() } + [withDeadChannel()]
    #expect(try networks.contains { try compress(method, $0) != nil })
  }

  @Test("The same seed gives the same network", arguments: MethodCase.defaults)
  func deterministic(method: MethodCase) throws {
    let graph = try withDeadChannel()
    #expect(try compress(method, graph) == compress(method, graph))
  }

  @Test("Where there is nothing to compress, it is said", arguments: MethodCase.defaults)
  func nothingToDo(method: MethodCase) throws {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [3, 4, 4])])
    try graph.append(GlobalAveragePool(), name: "pool", inputs: ["image"])
    try graph.append(Flatten(), name: "logits", inputs: ["pool"])
    graph.outputs = ["logits"]
    // Methods that encode values do find something here.
    guard graph.nodes.allSatisfy({ method.method.verdict(on: $0, in: graph) != .touched }) else { return }
    let message = errorMessage { _ = try method.compress(graph, evidence: evidence(graph)) }
    #expect(message.contains(": changes nothing: "))
  }

  @Test(
    "A verdict gives a reason, and what is touched has parameters or values", arguments: MethodCase.defaults)
  func verdicts(method: MethodCase) throws {
    for network in SmallGraph.allCases {
      let graph = try network.graph()
      for node in graph.nodes {
        guard case .untouched(let reason) = method.method.verdict(on: node, in: graph) else { continue }
        #expect(reason.count > 5)
      }
    }
  }

  @Test("More strength never leaves more weights", arguments: MethodCase.defaults)
  func strength(method: MethodCase) throws {
    try expectMonotone(method.method)
  }

  private func expectMonotone<M: CompressionMethod>(_ method: M) throws {
    guard M.family == .pruning, let path = M.strength else { return }
    let graph = try SmallGraph.residual.graph()
    var counts: [Int] = []
    for strength in [0.2, 0.4, 0.6] {
      var stronger = method
      stronger[keyPath: path] = strength
      var compression = Compression(stronger, graph: graph, evidence: evidence(graph))
      let compressed = try stronger.compress(&compression).graph
      counts.append(
        compressed.parameters.values.reduce(0) { $0 + $1.encoding.nonZeroCount($1.projected.values.span) })
    }
    #expect(counts == counts.sorted(by: >))
  }

  @Test(
    "Names are words with hyphens, and different; documents and settings say something",
    arguments: MethodCase.defaults)
  func documented(method: MethodCase) throws {
    try expectDocumented(method.method)
  }

  private func expectDocumented<M: CompressionMethod>(_ method: M) throws {
    #expect(M.name.allSatisfy { $0.isLowercase || $0.isNumber || $0 == "-" })
    #expect(MethodCatalogue.names.count { $0 == M.name } == 1)
    #expect(MethodCatalogue.type(named: M.name) == M.self)
    #expect(M.revision >= 1)
    let documentation = M.documentation
    #expect(documentation.summary.count > 20 && documentation.summary.count < 90)
    #expect(documentation.description.count > 100 && documentation.formula.count > 10)
    #expect(documentation.paper.contains { $0.isNumber })
    for setting in M.settings { #expect(setting.summary.count > 5, "\(setting.name)") }
    // Defaults are accepted, so that a resolved recipe can be read again.
    #expect(try M(from: method.node, owner: M.name).node.canonicalJSON == method.node.canonicalJSON)
  }
}
