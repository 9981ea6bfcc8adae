import Encodings
import Graphs
import Methods
import Tensors
import TestSupport
import Testing

@Suite("Hashed weights of layers")
struct HashedWeightsTests {
  private func compressed(_ graph: Graph, share: Double, seed: UInt64 = 3) throws -> Graph {
    var method = HashedWeights()
    method.share = share
    var compression = Compression(method, graph: graph, random: SeededRandom(seed: seed, purpose: "test"))
    return try method.compress(&compression).graph
  }

  @Test("A layer has so many numbers and the mean square that it had; seeds differ by layer and trial")
  func layers() throws {
    let original = try SmallGraph.lenet.graph()
    let graph = try compressed(original, share: 0.1)
    try graph.verify()
    var seeds: Set<UInt32> = []
    for name in ["conv1.weight", "conv2.weight", "hidden.weight", "logits.weight"] {
      let before = try #require(original.parameters[name]).value.values
      let parameter = try #require(graph.parameters[name])
      let hashed = try #require(parameter.encoding as? Hashed)
      #expect(hashed.count == Int((0.1 * Double(before.count)).rounded()))
      #expect(parameter.projected == parameter.value)
      #expect(Set(parameter.value.values.map(\.magnitude)).count <= hashed.count)
      let squares = [before, parameter.value.values].map { $0.reduce(0) { $0 + Double($1) * Double($1) } }
      #expect(abs(squares[0] - squares[1]) < 1e-4 * squares[0])
      seeds.insert(hashed.seed)
    }
    #expect(seeds.count == 4)
    #expect(try compressed(original, share: 0.1) == graph)
    #expect(try compressed(original, share: 0.1, seed: 4) != graph)
  }

  @Test("Within a mask the survivors alone are tied")
  func masks() throws {
    var original = try SmallGraph.lenet.graph()
    let value = try #require(original.parameters["hidden.weight"]).value
    let mask = Mask(value.values.indices.map { $0 % 3 == 0 })
    original.parameters["hidden.weight"] = Parameter(value, encoding: Sparse(mask: mask))
    let parameter = try #require(try compressed(original, share: 0.05).parameters["hidden.weight"])
    #expect((parameter.encoding as? Sparse)?.inner is Hashed)
    for (index, number) in parameter.projected.values.enumerated() where !mask[index] { #expect(number == 0) }
    #expect(parameter.projected.values.count { $0 != 0 } == mask.survivorCount)
  }
}
