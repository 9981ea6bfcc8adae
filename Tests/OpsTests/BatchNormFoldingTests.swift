import Graphs
import Ops
import TestSupport
import Testing

@Suite("Folding batch norms")
struct BatchNormFoldingTests {
  @Test("a folded graph computes the same outputs", arguments: SmallGraph.allCases)
  func sameOutputs(_ network: SmallGraph) throws {
    let graph = try network.graph()
    let folded = try graph.foldingBatchNorms()
    try folded.verify()
    let before = try graph.outputValues()
    let after = try folded.outputValues()
    for (a, b) in zip(before.joined(), after.joined()) { #expect(abs(a - b) <= 1e-5 * max(1, abs(a))) }
  }

  @Test("convolutions take the norm's place and name, and no norm is left")
  func names() throws {
    let folded = try SmallGraph.residual.graph().foldingBatchNorms()
    #expect(!folded.nodes.contains { $0.op is BatchNorm })
    #expect(folded.node(named: "stem.norm")?.op is Conv2D)
    #expect(folded.node(named: "stem.norm")?.inputs == ["image"])
    #expect(folded.node(named: "stem.conv") == nil)
    #expect(folded.parameters["stem.norm.bias"] != nil)
    #expect(folded.node(named: "b.project")?.op is Conv2D)
  }

  @Test("a kept value, an output and a value with two readers stay")
  func kept() throws {
    let graph = try SmallGraph.residual.graph()
    #expect(try graph.foldingBatchNorms(keeping: ["stem.conv"]).node(named: "stem.conv") != nil)
    var output = graph
    output.outputs = ["logits", "a1.conv"]
    #expect(try output.foldingBatchNorms().node(named: "a1.conv") != nil)
    var shared = graph
    try shared.append(ReLU(), name: "second", inputs: ["a1.conv"])
    #expect(try shared.foldingBatchNorms().node(named: "a1.norm")?.op is BatchNorm)
  }
}
