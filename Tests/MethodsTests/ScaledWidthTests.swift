import Graphs
import Methods
import Ops
import Tensors
import TestSupport
import Testing

@Suite("width")
struct ScaledWidthTests {
  private func method(_ factor: Double, _ initialize: WidthStart = .kept) -> ScaledWidth {
    var method = ScaledWidth()
    method.factor = factor
    method.initialize = initialize
    return method
  }

  @Test("every group keeps the share, logits and images stay", arguments: SmallGraph.allCases)
  func shapes(network: SmallGraph) throws {
    let graph = try network.graph()
    let smaller = try compressed(graph, by: method(0.5)).graph
    for group in graph.channelGroups() {
      let kept = smaller.channelGroups().first { $0.values == group.values }
      #expect(kept?.units.count == max(1, Int((Double(group.units.count) / 2).rounded())), "\(group.values)")
    }
    for output in graph.outputs { #expect(smaller.shape(of: output) == graph.shape(of: output)) }
  }

  @Test("the filters of least magnitude go: a filter of zeros changes nothing by going")
  func magnitudes() throws {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [2, 4, 4])])
    try graph.append(Conv2D(filters: 4, kernel: 3, bias: false), name: "conv", inputs: ["image"])
    try graph.append(Flatten(), name: "flat", inputs: ["conv"])
    try graph.append(Linear(features: 3), name: "logits", inputs: ["flat"])
    graph.outputs = ["logits"]
    graph.scatterParameters(seed: 3)
    for index in [1, 2].flatMap({ $0 * 18..<$0 * 18 + 18 }) {
      graph.parameters["conv.weight"]?.value.values[index] = 0
    }
    let rewrite = try compressed(graph, by: method(0.5))
    #expect(rewrite.origin["conv.weight"] == Origin(parameter: "conv.weight", kept: [0: [0, 3]]))
    #expect(relativeDistance(try graph.output("logits"), try rewrite.graph.output("logits")) < 1e-6)
  }

  @Test("fresh weights have no origin and depend on the seed alone")
  func fresh() throws {
    let graph = try SmallGraph.residual.graph()
    let rewrite = try compressed(graph, by: method(0.5, .fresh), seed: 1)
    #expect(rewrite.origin.isEmpty)
    #expect(rewrite == (try compressed(graph, by: method(0.5, .fresh), seed: 1)))
    #expect(rewrite.graph != (try compressed(graph, by: method(0.5, .fresh), seed: 2)).graph)
    #expect(rewrite.graph.nodes == (try compressed(graph, by: method(0.5))).graph.nodes)
  }

  @Test("a group with a layer that the recipe leaves out stays whole")
  func leftOut() throws {
    let graph = try SmallGraph.residual.graph()
    let smaller = try compressed(graph, by: method(0.5), overrides: ["stem.conv": nil]).graph
    #expect(smaller.shape(of: "stem") == graph.shape(of: "stem"))
    #expect(smaller.shape(of: "a2") == graph.shape(of: "a2"))
    #expect(smaller.shape(of: "a1")?[1] == 2)
  }

  @Test("a fresh start is of every layer but those left out, also of groups that stay whole")
  func freshBesideLeftOut() throws {
    let graph = try SmallGraph.residual.graph()
    let rewrite = try compressed(graph, by: method(0.5, .fresh), overrides: ["stem.conv": nil])
    #expect(rewrite.graph.shape(of: "a2") == graph.shape(of: "a2"))
    #expect(rewrite.graph.parameters["stem.conv.weight"] == graph.parameters["stem.conv.weight"])
    #expect(rewrite.origin.keys.allSatisfy { $0.hasPrefix("stem.conv.") } && !rewrite.origin.isEmpty)
    #expect(rewrite.graph.parameters["logits.weight"] != graph.parameters["logits.weight"])
  }

  @Test("a factor of 1 changes nothing, and says so")
  func whole() throws {
    let graph = try SmallGraph.lenet.graph()
    #expect(
      errorMessage { _ = try compressed(graph, by: method(1)) }
        == "width: changes nothing: no layer would lose a channel")
    let logits = try #require(graph.node(named: "logits"))
    #expect(
      method(0.5).applicability(to: logits, in: graph) == .notApplicable(reason: "its channels must stay"))
  }
}
