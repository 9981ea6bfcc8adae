import DNNL
import Execution
import Graphs
import TestSupport
import Testing

@Suite("What oneDNN refuses to compile", .serialized)
struct PlanRefusalTests {
  private let backend = DNNLBackend()

  @Test("weights are shared between plans of one graph only")
  func sharing() throws {
    let options = PlanOptions(batch: 1, mode: .training)
    let graph = try SmallGraph.lenet.graph()
    let plan = try backend.compile(graph, options)
    #expect(
      errorMessage { _ = try backend.compile(try SmallGraph.fire.graph(), options, sharing: plan) }
        == "onednn: shares weights with plans of the same graph only")
    _ = try backend.compile(graph, PlanOptions(batch: 2, mode: .inference), sharing: plan)
  }

  @Test("values that do not fit into memory are refused with what they would take")
  func memory() throws {
    var options = PlanOptions(batch: 1 << 40, mode: .training)
    let graph = try SmallGraph.lenet.graph()
    #expect(errorMessage { _ = try backend.compile(graph, options) }.contains("lower the batch"))
    options.mode = .inference
    #expect(errorMessage { _ = try backend.compile(graph, options) }.contains("lower the batch"))
  }
}
