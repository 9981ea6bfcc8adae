import Encodings
import Graphs
import Methods
import Ops
import TestSupport
import Testing

@Suite("Ops that methods do not know by their types")
struct ForeignOpTests {
  @Test("A layer of products takes up the norm behind it, whatever its type")
  func folding() throws {
    let graph = try Graph.foreign()
    let folded = try graph.foldedForInference()
    try folded.verify()
    #expect(folded.nodes.map(\.name) == ["norm", "relu", "logits"])
    #expect((folded.nodes.first?.op as? ForeignProduct)?.bias == true)
    for (a, b) in zip(try graph.outputValues().joined(), try folded.outputValues().joined()) {
      #expect(abs(a - b) <= 1e-5 * max(1, abs(a)))
    }
  }

  @Test("Its weights get integers and codebooks as those of other layers do")
  func weights() throws {
    let graph = try Graph.foreign()
    var quantizing = Compression(PostTrainingQuantization(), graph: graph, evidence: ImageEvidence(graph))
    let quantized = try PostTrainingQuantization().compress(&quantizing).graph
    #expect(quantized[.weight, of: "norm"]?.encoding is Integer)
    #expect((quantized[.bias, of: "norm"]?.encoding as? Integer)?.bits == 32)
    var method = WeightClustering()
    method.linearBits = 1
    var clustering = Compression(method, graph: graph)
    let clustered = try method.compress(&clustering).graph
    #expect(clustered[.weight, of: "product"]?.encoding is Codebook)
    #expect(
      ScaledWidth().applicability(to: try #require(graph.node(named: "product")), in: graph) == .applicable)
  }

  @Test("Parameters that have no integers are refused by name; left out they stay real")
  func refusal() throws {
    let graph = try Graph.foreign(withWeights: true)
    func quantized(_ overrides: [String: PostTrainingQuantization?]) throws -> Graph {
      let method = PostTrainingQuantization()
      var compression = Compression(
        method, graph: graph, evidence: ImageEvidence(graph), overrides: overrides)
      return try method.compress(&compression).graph
    }
    #expect(
      errorMessage { _ = try quantized([:]) }
        == "post-training-quantization: odd: foreign-weights has parameters without a form in integers; "
        + "leave this layer out")
    #expect(try quantized(["odd": nil])[.weight, of: "odd"]?.encoding is Dense)
  }
}
