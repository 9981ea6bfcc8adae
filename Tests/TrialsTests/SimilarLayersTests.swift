import Encodings
import Graphs
import Ops
import RealModule
import Settings
import Tensors
import TestSupport
import Testing

@testable import Methods
@testable import Trials

@Suite("Layers of similar size and distribution")
struct SimilarLayersTests {
  /// A chain of linear layers `a`, `b`, … of given widths, with the weights `weight(layer, place, count)`.
  private func chain(
    _ widths: [Int], weight: (Int, Int, Int) -> Float = { _, place, count in Float(place + 1) / Float(count) }
  ) throws -> Graph {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [widths[0]])])
    let names = ["a", "b", "c", "d", "e"].prefix(widths.count - 1)
    for (name, (before, width)) in zip(names, zip(["image"] + names, widths.dropFirst())) {
      try graph.append(Linear(features: width), name: name, inputs: [before])
    }
    graph.outputs = [names[names.count - 1]]
    graph.initializeParameters(seed: 1)
    for (layer, name) in names.enumerated() {
      guard let shape = graph.parameters["\(name).weight"]?.value.shape else { continue }
      graph.parameters["\(name).weight"] = Parameter(
        Tensor((0..<shape.count).map { weight(layer, $0, shape.count) }, shape: shape))
    }
    return graph
  }

  private func groups(_ graph: Graph, _ count: Int) -> [[String]] {
    SimilarLayers.groups(graph.nodes.map { [$0.name] }, in: graph, count: count)
  }

  @Test("Equal distributions are told apart by size, and groups stand in the network's order")
  func sizes() throws {
    // The layers have 200, 3,000, 4,500, 300 and 60 weights.
    let graph = try chain([10, 20, 150, 30, 10, 6])
    #expect(groups(graph, 2) == [["a", "d", "e"], ["b", "c"]])
    #expect(groups(graph, 3) == [["a", "d"], ["b", "c"], ["e"]])
    #expect(groups(graph, 9) == [["a"], ["b"], ["c"], ["d"], ["e"]])
    // Shapes alone suffice, before anything is trained.
    var structure = graph
    structure.parameters = [:]
    #expect(groups(structure, 3) == groups(graph, 3))
  }

  @Test("Equal sizes are told apart by the histogram, whatever the scale of the weights")
  func histograms() throws {
    let graph = try chain([16, 16, 16, 16, 16]) { layer, place, count in
      let sign: Float = place % 2 == 0 ? 1 : -1
      let scale = Float.pow(10, Float(layer) - 2)
      let rank = Float(place / 2 + 1) / Float(count / 2)
      // The distribution is flat in a and d; in b and c most weights are nearly zero.
      return sign * scale * (layer == 0 || layer == 3 ? rank : Float.pow(rank, 9))
    }
    #expect(groups(graph, 2) == [["a", "d"], ["b", "c"]])
    // Quantiles divided by the standard deviation are q·√3 for a flat distribution, and q⁹·√19 for its ninth
    // power.
    let truth = (0..<32).reduce(0.0) { sum, place in
      let q = (Double(place) + 0.5) / 32
      return sum + abs(q * 3.0.squareRoot() - Double.pow(q, 9) * 19.0.squareRoot()) / 32
    }
    func traits(_ name: String) -> SimilarLayers.Traits { SimilarLayers.Traits(of: [name], in: graph) }
    #expect(abs(traits("a").distance(to: traits("b")) - truth) < 0.02 * truth)
    #expect(traits("a").distance(to: traits("d")) < 1e-5)
  }

  @Test("An override is of one group alone, and what another leaves out is in none")
  func overrides() throws {
    let graph = try chain([10, 20, 150, 30, 10, 6])
    func pruned(_ overrides: String) throws -> [String: Int] {
      let choice = try MethodChoice(
        name: MagnitudePruning.name, settings: SettingsNode(yaml: "{threshold: 0}", source: "recipe"),
        overrides: SettingsNode(yaml: overrides, source: "recipe"))
      #expect(try choice.strayPatterns(in: graph).isEmpty)
      let rewrite = try choice.compress(
        graph, of: graph, progress: 1, evidence: NoEvidence(),
        random: SeededRandom(seed: 1, purpose: "similar"))
      var counts: [String: Int] = [:]
      for node in graph.nodes {
        let gone = rewrite.graph.parameters["\(node.name).weight"]?.survivors.count { !$0 } ?? 0
        if gone > 0 { counts[node.name] = gone }
      }
      return counts
    }
    // The weights are k/n, and those below one standard deviation, √((1 - 1/n²)/12), go.
    func below(_ count: Int) -> Int {
      let deviation = ((1 - 1 / Double(count * count)) / 12).squareRoot()
      return (1...count).count { Double($0) / Double(count) < deviation }
    }
    #expect(
      try pruned("[{layers: similar:2/2, threshold: 1}]") == ["b": below(3000), "c": below(4500)])
    #expect(
      try pruned("[{layers: c, skip: true}, {layers: similar:2/2, threshold: 1}]") == ["b": below(3000)])
    #expect(
      errorMessage { _ = try pruned("[{layers: similar:1/9, threshold: 1}]") }
        == "magnitude-pruning: similar:1/9: its 5 layers cannot form 9 groups; ask for fewer")
  }

  @Test(
    "A group that there is not is refused",
    arguments: ["0/3", "4/3", "1/101", "1", "x/3", "1/3/5", "-1/3", ""])
  func refused(_ group: String) throws {
    let message = errorMessage {
      _ = try MethodChoice(
        name: MagnitudePruning.name, settings: SettingsNode(yaml: "{}", source: "recipe"),
        overrides: SettingsNode(yaml: "[{layers: 'similar:\(group)', sparsity: 0.5}]", source: "recipe"))
    }
    #expect(message.contains("similar:K/N"))
  }
}
