import Encodings
import Execution
import Graphs
import Tensors
import Testing
@testable import TestSupport

/// A reference backend that runs another graph than the given one.
private struct ErringBackend: Backend {
  let name = "erring"
  let instructionSet = "none"
  let error: @Sendable (inout Graph) -> Void

  func supports(_ precision: Precision) -> Bool { precision == .f32 }
  func compile(
    _ graph: Graph, _ options: PlanOptions, sharing: (any Plan)?
  ) throws(ExecutionError) -> any Plan {
    var graph = graph
    error(&graph)
    return try ReferenceBackend().compile(graph, options, sharing: sharing)
  }
}

@Suite("Agreement with the reference is more than a form")
struct AgreementCaseTests {
  @Test("the reference agrees with itself, and weights that are off by a thousandth are found")
  func weight() throws {
    for network in SmallGraph.allCases {
      let agreement = AgreementCase(description: "", build: network.graph)
      #expect(try agreement.disagreements(of: ReferenceBackend()) == [])
      let name = try #require(network.graph().parameters.keys.sorted().last { $0.hasSuffix(".weight") })
      let erring = ErringBackend { graph in
        guard let values = graph.parameters[name]?.value.values else { return }
        graph.parameters[name]?.value.values = values.map { $0 * 1.001 }
      }
      #expect(try agreement.disagreements(of: erring) != [], "\(network)")
    }
  }

  @Test("norms by another variance, and values rounded on another grid, are found")
  func rounding() throws {
    let plain = AgreementCase(description: "", build: SmallGraph.residual.graph, mode: .inference)
    let norms = ErringBackend { graph in
      for name in graph.parameters.keys where name.hasSuffix(".variance") {
        graph.parameters[name]?.value.values[0] += 1e-2
      }
    }
    #expect(try plain.disagreements(of: norms) != [])

    let rounded = AgreementCase(
      description: "",
      build: {
        var graph = try SmallGraph.residual.graph()
        for node in graph.nodes { graph.values[node.name] = IntegerValue(bits: 16, covering: -8...8) }
        return graph
      }, mode: .inference)
    let grid = ErringBackend { graph in
      for node in graph.nodes { graph.values[node.name] = IntegerValue(bits: 12, covering: -8...8) }
    }
    #expect(try rounded.disagreements(of: ReferenceBackend()) == [])
    #expect(try rounded.disagreements(of: grid) != [])
  }
}
