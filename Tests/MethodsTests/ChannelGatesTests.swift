import Execution
import Graphs
import Ops
import Tasks
import Tensors
import TestSupport
import Testing

@testable import Methods

@Suite("Channel gates")
struct ChannelGatesTests {
  private func gated(
    _ graph: Graph, keep: Double, first: Bool = false, layers: [String]? = nil
  ) throws -> Rewrite {
    let method = ChannelGates(keep: keep, first: first)
    var overrides: [String: ChannelGates?] = [:]
    for node in graph.nodes where layers.map({ !$0.contains(node.name) }) ?? false {
      overrides[node.name] = .some(nil)
    }
    var compression = Compression(
      method, graph: graph, random: SeededRandom(seed: 1, purpose: "compression"), overrides: overrides)
    return try method.compress(&compression)
  }

  private func isClose(_ truth: [Float], _ found: [Float]) -> Bool {
    truth.count == found.count
      && zip(truth, found).allSatisfy { first, second in
        let limit: Float = 1e-5 * (1 + abs(first))
        return abs(first - second) <= limit
      }
  }

  /// The graph with estimators that ignore the image: gates are 1 for the channels in `open` and 0 for the
  /// others.
  private func forced(_ graph: Graph, open: [String: [Int]]) throws -> Graph {
    var graph = graph
    for (layer, channels) in open {
      let name = layer + ".saliency"
      let weight = try #require(graph[.weight, of: name]).value
      graph[.weight, of: name] = Parameter(Tensor(zeros: weight.shape))
      graph[.bias, of: name] = Parameter(
        Tensor((0..<weight.shape[0]).map { channels.contains($0) ? 0 : -1 }, shape: [weight.shape[0]]))
    }
    return graph
  }

  @Test(
    "With a fixed choice the network is the one without the other channels",
    arguments: [
      (SmallGraph.residual, ["a1.conv": [0, 3], "b1.conv": [1, 2, 5]]),
      (.lenet, ["conv1": [1, 3], "conv2": [0, 2, 5]]), (.fire, ["conv": [0, 1, 4], "expand3": [1, 2]]),
    ] as [(SmallGraph, [String: [Int]])])
  func fixedChoice(network: SmallGraph, open: [String: [Int]]) throws {
    let graph = try network.graph()
    let rewrite = try gated(graph, keep: 0.5, first: true, layers: Array(open.keys))
    #expect(rewrite.graph.nodes.count { $0.op is ChannelGate } == open.count)
    let forced = try forced(rewrite.graph, open: open)
    let gone = graph.channelGroups().flatMap(\.units).filter { unit in
      unit.channels.contains { value, channels in
        guard let kept = open[value] else { return false }
        return !kept.contains(channels[0])
      }
    }
    let channels = open.keys.map { graph.shape(of: $0)?[1] ?? 0 }.reduce(0, +)
    #expect(gone.count == channels - open.values.map(\.count).reduce(0, +))
    let removed = try graph.removingChannels(gone).graph
    let (truth, found) = (try removed.outputValues()[0], try forced.outputValues()[0])
    #expect(isClose(truth, found), "\(truth) \(found)")
    #expect(try graph.outputValues()[0] != truth)
    // Apart from the estimators, the work is that of the network without the closed channels.
    let estimators = rewrite.graph.nodes.filter { $0.name.hasSuffix(".saliency") }
    let own = estimators.reduce(0) { $0 + GatedWork(rewrite.graph).most(of: $1.name) }
    let work = GatedWork(rewrite.graph).most - own
    // The reader of a concatenation is counted as reading all of it.
    #expect(network == .fire ? work > removed.multiplyAdds : work == removed.multiplyAdds)
  }

  @Test("Gates of one leave the network as it was", arguments: SmallGraph.allCases)
  func identity(network: SmallGraph) throws {
    let graph = try network.graph()
    let convolutions = graph.nodes.filter {
      ChannelGates(keep: 1, first: true).applicability(to: $0, in: graph) == .applicable
    }
    guard !convolutions.isEmpty else {
      #expect(errorMessage { _ = try gated(graph, keep: 1, first: true) }.contains("no convolution cheaper"))
      return
    }
    let rewrite = try gated(graph, keep: 1, first: true)
    var open: [String: [Int]] = [:]
    for node in rewrite.graph.nodes where node.op is ChannelGate {
      open[String(node.name.dropLast(".gate".count))] = Array(
        0..<(rewrite.graph.shape(of: node.name)?[1] ?? 0))
    }
    #expect(!open.isEmpty)
    let found = try forced(rewrite.graph, open: open).outputValues()
    for (truth, found) in zip(try graph.outputValues(), found) {
      #expect(isClose(truth, found))
    }
  }

  @Test("Gates stand behind norm and activation, are told what the layer reads, and weights stay")
  func structure() throws {
    let graph = try SmallGraph.residual.graph()
    let rewrite = try gated(graph, keep: 0.5, layers: ["a1.conv", "a2.conv"])
    let new = rewrite.graph
    #expect(
      new.nodes.map(\.name).filter { $0.hasPrefix("a") } == [
        "a1.conv.saliency.mean", "a1.conv.saliency", "a1.conv.gate", "a1.conv", "a1.norm", "a1",
        "a1.conv.gated",
        "a2.conv.saliency.mean", "a2.conv.saliency", "a2.conv.gate", "a2.conv", "a2", "a2.conv.gated",
        "a.sum", "a",
      ])
    #expect(new.node(named: "a1.conv.saliency.mean")?.inputs == ["stem"])
    #expect(new.node(named: "a2.conv.saliency.mean")?.inputs == ["a1.conv.gated"])
    #expect(new.node(named: "a1.conv.gated")?.inputs == ["a1", "a1.conv.gate"])
    #expect(new.node(named: "a2.conv")?.inputs == ["a1.conv.gated"])
    #expect(new.node(named: "a.sum")?.inputs == ["a2.conv.gated", "stem"])
    for (name, parameter) in graph.parameters {
      #expect(new.parameters[name] == parameter && rewrite.origin[name] == Origin(parameter: name))
    }
    #expect(rewrite.origin["a1.conv.saliency.weight"] == nil)
  }

  @Test("At the start the strongest filters are open, by numbers near one")
  func start() throws {
    let graph = try SmallGraph.residual.graph()
    var new = try gated(graph, keep: 0.5, layers: ["b1.conv"]).graph
    new.outputs.append("b1.conv.gate")
    new[.weight, of: "b1.conv.saliency"] = Parameter(
      Tensor(zeros: try #require(new[.weight, of: "b1.conv.saliency"]).value.shape))
    let gates = try #require(try new.outputValues().last).prefix(6)
    let weight = try #require(graph.parameters["b1.conv.weight"]).value
    let (scale, variance) = (
      try #require(graph.parameters["b1.norm.scale"]).value.values,
      try #require(graph.parameters["b1.norm.variance"]).value.values
    )
    let count = weight.values.count / 6
    let strengths = (0..<6).map { filter -> Float in
      let magnitudes: [Float] = weight.values[filter * count..<(filter + 1) * count].map { abs($0) }
      let factor: Float = abs(scale[filter]) / (variance[filter] + 1e-5).squareRoot()
      return magnitudes.reduce(0, +) * factor
    }
    let strongest = Set((0..<6).sorted { strengths[$0] > strengths[$1] }.prefix(3))
    #expect(Set(gates.indices.filter { gates[$0] != 0 }) == strongest)
    for gate in gates where gate != 0 { #expect(abs(gate - 1) < 0.101) }
  }

  @Test(
    "What cannot be gated has its reason",
    arguments: [
      (SmallGraph.residual, "stem.conv", "first"), (.separable, "depth.conv", "6 groups"),
      (.fire, "classes", "must stay"), (.squeezeExcite, "expand", "estimator would take"),
      (.squeezeExcite, "attend", "one channel"), (.residual, "logits", "no convolution"),
    ])
  func refusals(network: SmallGraph, name: String, words: String) throws {
    let graph = try network.graph()
    let node = try #require(graph.node(named: name))
    guard case .notApplicable(let reason) = ChannelGates().applicability(to: node, in: graph) else {
      Issue.record("\(name) is gated")
      return
    }
    #expect(reason.contains(words), "\(reason)")
  }

  @Test("A second time there is nothing to do, and channels of gated layers stay")
  func twice() throws {
    let graph = try gated(SmallGraph.residual.graph(), keep: 0.5).graph
    let message = errorMessage { _ = try gated(graph, keep: 0.5) }
    #expect(message.contains("channel-gates: changes nothing"), "\(message)")
    let groups = graph.channelGroups()
    #expect(!groups.contains { $0.values.contains("a1.conv") || $0.values.contains("a1.conv.gated") })
  }

  @Test("Quantization after gates is refused by the gate's name", arguments: [true, false])
  func quantized(isTrained: Bool) throws {
    let graph = try gated(SmallGraph.lenet.graph(), keep: 0.5).graph
    let method: any CompressionMethod =
      isTrained ? QuantizationAwareTraining() : PostTrainingQuantization()
    let message = errorMessage { _ = try MethodCase(method: method).compress(graph) }
    #expect(message.contains("conv2.gate: gates that choose channels"), "\(message)")
  }
}
