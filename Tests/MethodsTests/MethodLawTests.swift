import Execution
import Foundation
import Graphs
import Ops
import Settings
import Tasks
import Tensors
import TestSupport
import Testing

@testable import Methods

@Suite("Laws of methods")
struct MethodLawTests {
  /// A network with a channel that nothing reads, for methods that act only on such channels.
  private func withDeadChannel() throws -> Graph {
    var graph = try SmallGraph.lenet.graph()
    var weight = try #require(graph.parameters["logits.weight"]).value
    for row in 0..<weight.shape[0] { weight.values[row * weight.shape[1]] = 0 }
    graph.parameters["logits.weight"] = Parameter(weight)
    return graph
  }

  private func evidence(_ graph: Graph) -> PlanEvidence {
    PlanEvidence(
      graph, task: Classification(), backend: ReferenceBackend(),
      source: PatternSource(graph, images: 8, batch: 4), batch: 4,
      initial: {
        var fresh = graph
        fresh.initializeParameters(seed: 4)
        return fresh.parameters.mapValues(\.value)
      })
  }

  /// A network with dropouts at masked layers, for the method that acts only on such dropouts.
  private func withMasks() throws -> Graph {
    try compressed(SmallGraph.dropout.graph(), by: MagnitudePruning(sparsity: 0.5)).graph
  }

  /// The network that a method makes; `nil` if it reports that it has nothing to do or cannot be applied.
  private func compress(_ method: MethodCase, _ graph: Graph) throws -> Rewrite? {
    do {
      return try method.compress(graph, evidence: evidence(graph))
    } catch MethodError.nothingToDo(_, let reason), MethodError.impossible(_, _, let reason) {
      #expect(reason.count > 10)
      return nil
    }
  }

  @Test(
    "A compressed network verifies and computes; its origins are slices of what was there",
    arguments: MethodCase.all, SmallGraph.allCases)
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

  /// The quantities of a network, none of which may grow.
  private struct Size {
    var parameters = 0
    var nonZeros = 0
    var multiplyAdds = 0
    /// The bits of the symbols of weights that are not zero.
    var symbolBits = 0
    /// The number of values that are kept as floats.
    var floatValues = 0

    init(_ graph: Graph) {
      parameters = graph.parameterCount
      multiplyAdds = graph.multiplyAdds
      floatValues = graph.nodes.count { graph.values[$0.name] == nil }
      for parameter in graph.parameters.values {
        let count = parameter.encoding.nonZeroCount(parameter.projected.values.span)
        nonZeros += count
        symbolBits += count * parameter.encoding.bits
      }
    }

    var numbers: [Int] { [parameters, nonZeros, multiplyAdds, symbolBits, floatValues] }
  }

  @Test(
    "A compressed network is smaller in something and larger in nothing", arguments: MethodCase.shrinking,
    SmallGraph.allCases)
  func noLarger(method: MethodCase, network: SmallGraph) throws {
    let graph = try network.graph()
    guard let rewrite = try compress(method, graph) else { return }
    let (before, after) = (Size(graph).numbers, Size(rewrite.graph).numbers)
    #expect(zip(after, before).allSatisfy { $0 <= $1 }, "\(before) became \(after)")
    #expect(after != before)
  }

  @Test("Every method changes some network", arguments: MethodCase.all)
  func changesSomething(method: MethodCase) throws {
    let networks = try SmallGraph.allCases.map { try $0.graph() } + [withDeadChannel(), withMasks()]
    #expect(try networks.contains { try compress(method, $0) != nil })
  }

  @Test("The same seed gives the same network", arguments: MethodCase.all)
  func deterministic(method: MethodCase) throws {
    let graph = try withDeadChannel()
    #expect(try compress(method, graph) == compress(method, graph))
  }

  @Test("Where there is nothing to compress, it is said", arguments: MethodCase.all)
  func nothingToDo(method: MethodCase) throws {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [3, 4, 4])])
    try graph.append(GlobalAveragePool(), name: "pool", inputs: ["image"])
    try graph.append(Flatten(), name: "logits", inputs: ["pool"])
    graph.outputs = ["logits"]
    // Methods that encode values are applicable here.
    guard graph.nodes.allSatisfy({ method.method.applicability(to: $0, in: graph) != .applicable }) else {
      return
    }
    let message = errorMessage { _ = try method.compress(graph, evidence: evidence(graph)) }
    #expect(message.contains(": changes nothing: "))
  }

  @Test(
    "What is not applicable has a reason, and only layers that a method applies to change, but for slices of what others lost",
    arguments: MethodCase.all, SmallGraph.allCases)
  func applicability(method: MethodCase, network: SmallGraph) throws {
    let graph = try network.graph()
    let rewrite = try compress(method, graph)
    var touched = 0
    for node in graph.nodes {
      switch method.method.applicability(to: node, in: graph) {
      case .applicable:
        touched += 1
        let encodes = rewrite?.graph.values[node.name] != nil
        let hasRate = node.op is Dropout
        #expect(
          !graph.slots(of: node).isEmpty || encodes || hasRate, "\(node.name) has nothing to change")
      case .notApplicable(let reason):
        #expect(reason.count > 5)
        if let rewrite { try expectKept(node, of: graph, in: rewrite, by: method) }
      }
    }
    if rewrite != nil { #expect(touched > 0) }
  }

  /// Compares the parameters and the value of a node with slices of the original ones.
  private func expectKept(_ node: Node, of graph: Graph, in rewrite: Rewrite, by method: MethodCase) throws {
    #expect(rewrite.graph.values[node.name] == nil)
    for (name, slot) in graph.slots(of: node) {
      // Biases absorb the constants of dead neurons that are read.
      if method.method is DeadNeurons, slot.role == .bias { continue }
      if method.changesReaders, slot.inputAxis != nil || slot.role == .bias { continue }
      let origin = try #require(rewrite.origin[name], "\(name) has no origin")
      let old = try #require(graph.parameters[origin.parameter])
      let new = try #require(rewrite.graph.parameters[name])
      #expect(new == old.sliced(origin.kept), "\(name) changed")
    }
  }

  @Test("More strength never leaves more, and in the end leaves less", arguments: MethodCase.graded)
  func strength(method: MethodCase) throws {
    try expectMonotone(method.method)
  }

  private func expectMonotone<M: CompressionMethod>(_ method: M) throws {
    let path = try #require(M.strength)
    // Methods that remove paths need a network with paths.
    let graph = try (method is PathPruning ? SmallGraph.fire : .residual).graph()
    // Shares of removed weights, and shares saved of 32 bits.
    let strengths = M.family == .pruning ? [0.2, 0.4, 0.6] : [0.5, 0.75, 0.9]
    let bits = try strengths.map { strength in
      var stronger = method
      stronger[keyPath: path] = strength
      return Size(try compress(MethodCase(method: stronger), graph)?.graph ?? graph).symbolBits
    }
    #expect(bits == bits.sorted(by: >))
    #expect(bits[2] < bits[0] && bits[0] <= Size(graph).symbolBits)
  }

  @Test(
    "Names are words with hyphens, and different; documents and settings say something",
    arguments: MethodCase.all)
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
    // Defaults are accepted, so a resolved recipe can be read again.
    #expect(try M(from: method.node, owner: M.name).node.canonicalJSON == method.node.canonicalJSON)
  }
}
