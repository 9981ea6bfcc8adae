import Graphs
import Ops
import Tensors
import TestSupport
import Testing

@Suite("Channel removal")
struct ChannelRemovalTests {
  @Test("removing channels equals masking them", arguments: SmallGraph.allCases, [1, 2, 3] as [UInt64])
  func equalsMasking(_ network: SmallGraph, _ seed: UInt64) throws {
    let graph = try network.graph()
    let units = graph.someRemovableUnits(seed: seed)
    #expect(!units.isEmpty)
    #expect(try graph.removalViolations(units) == [])
    let smaller = try graph.removingChannels(units).graph
    #expect(smaller.parameterCount < graph.parameterCount)
    #expect(smaller.nodes.map(\.name) == graph.nodes.map(\.name))
  }

  @Test("masking alone changes the outputs, so the law can fail", arguments: SmallGraph.allCases)
  func maskingMatters(_ network: SmallGraph) throws {
    let graph = try network.graph()
    let masked = graph.masking(graph.someRemovableUnits(seed: 1))
    #expect(try masked.outputValues() != graph.outputValues())
  }

  @Test("a sum ties the channels of everything it adds")
  func residual() throws {
    let groups = try SmallGraph.residual.graph().channelGroups()
    let group = try #require(groups.first { $0.values.contains("a.sum") })
    #expect(group.units.count == 4)
    #expect(
      group.values == ["stem.conv", "stem.norm", "stem", "a2.conv", "a2", "a.sum", "a"])
    #expect(group.units[2].channels["a2.conv"] == [2])
    #expect(groups.allSatisfy { !$0.values.contains("logits") && !$0.values.contains("image") })
  }

  @Test("a concatenation offsets the channels of its second input")
  func concatenation() throws {
    let groups = try SmallGraph.fire.graph().channelGroups()
    let second = try #require(groups.first { $0.values.contains("expand3") })
    #expect(second.values == ["expand3", "wide3", "fire"])
    #expect(second.units.map { $0.channels["fire"] } == [[4], [5], [6], [7], [8]])
  }

  @Test("flattening and depthwise multipliers spread a channel over several")
  func spreading() throws {
    let lenet = try SmallGraph.lenet.graph().channelGroups()
    let flat = try #require(lenet.first { $0.values.contains("flat") })
    #expect(flat.units.count == 6)
    #expect(flat.units[1].channels["flat"] == [1])
    let separable = try SmallGraph.separable.graph().channelGroups()
    let point = try #require(separable.first { $0.values.contains("point") })
    #expect(point.units[3].channels["wide.conv"] == [6, 7])
  }

  @Test("a shuffle removes the same position of every group")
  func shuffle() throws {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [1, 3, 3])])
    try graph.append(Conv2D(filters: 6, kernel: 1), name: "conv", inputs: ["image"])
    try graph.append(ChannelShuffle(groups: 2), name: "shuffle", inputs: ["conv"])
    try graph.append(Conv2D(filters: 2, kernel: 3), name: "y", inputs: ["shuffle"])
    graph.outputs = ["y"]
    graph.scatterParameters(seed: 3)
    let groups = graph.channelGroups()
    #expect(groups.map { $0.units.map { $0.channels["conv"] } } == [[[0, 3], [1, 4], [2, 5]]])
    #expect(groups[0].units[1].channels["shuffle"] == [2, 3])
    #expect(try graph.removalViolations([groups[0].units[1]]) == [])
  }

  @Test("a slice loses what its input loses of its channels, and begins earlier by what goes before it")
  func slice() throws {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [1, 3, 3])])
    try graph.append(Conv2D(filters: 6, kernel: 1), name: "conv", inputs: ["image"])
    try graph.append(ChannelSlice(start: 0, count: 3), name: "first", inputs: ["conv"])
    try graph.append(ChannelSlice(start: 3, count: 3), name: "second", inputs: ["conv"])
    try graph.append(ReLU(), name: "relu", inputs: ["second"])
    try graph.append(Concat(), name: "joined", inputs: ["relu", "first"])
    try graph.append(Conv2D(filters: 2, kernel: 3), name: "y", inputs: ["joined"])
    graph.outputs = ["y"]
    graph.scatterParameters(seed: 3)
    let units = graph.channelGroups().flatMap(\.units)
    #expect(units.map { $0.channels["conv"] } == (0..<6).map { [$0] })
    #expect(units[1].channels["second"] == nil && units[1].channels["joined"] == [4])
    #expect(units[4].channels["second"] == [1] && units[4].channels["joined"] == [1])
    let smaller = try graph.removingChannels([units[1], units[4]]).graph
    #expect((smaller.node(named: "second")?.op as? ChannelSlice)?.start == 2)
    #expect((smaller.node(named: "second")?.op as? ChannelSlice)?.count == 2)
    #expect(try graph.removalViolations([units[1], units[4]]) == [])
  }

  @Test("the origin names the old parameter and the kept indices of each axis")
  func origin() throws {
    let graph = try SmallGraph.lenet.graph()
    let rewrite = try graph.removingChannels(["conv1": [0, 2]])
    #expect(rewrite.origin["conv1.weight"] == Origin(parameter: "conv1.weight", kept: [0: [1, 3]]))
    #expect(rewrite.origin["conv2.weight"] == Origin(parameter: "conv2.weight", kept: [1: [1, 3]]))
    #expect(rewrite.origin["logits.weight"] == Origin(parameter: "logits.weight"))
    #expect(
      rewrite.graph.parameters["conv1.bias"]?.value.values
        == [1, 3].map { graph.parameters["conv1.bias"]?.value.values[$0] })
    #expect((rewrite.graph.node(named: "conv1")?.op as? Conv2D)?.filters == 2)
  }

  @Test("removing nothing changes nothing")
  func nothing() throws {
    let graph = try SmallGraph.separable.graph()
    #expect(try graph.removingChannels([:]).graph == graph)
  }

  @Test(
    "what must stay is refused with the reason",
    arguments: [
      ("logits", [0], "logits: its channels cannot be removed: it is an output of the graph"),
      ("image", [0], "image: its channels cannot be removed: it is an input of the graph"),
      ("conv1", [0, 1, 2, 3], "conv1: its channels cannot be removed: none would be left"),
      ("conv1", [9], "conv1: its channels cannot be removed: it has 4, there is no channel 9"),
      (
        "conv3", [0],
        "removed channels: reads \"conv3\", which no earlier node makes; did you mean \"conv1\"?"
      ),
    ])
  func refused(_ value: String, _ channels: [Int], _ message: String) throws {
    let graph = try SmallGraph.lenet.graph()
    #expect(errorMessage { _ = try graph.removingChannels([value: Set(channels)]) } == message)
  }

  @Test("channels of a grouped convolution stay")
  func grouped() throws {
    let graph = try SmallGraph.shuffled.graph()
    #expect(
      errorMessage { _ = try graph.removingChannels(["mixed": [0]]) }.contains(
        "a convolution of 2 groups ties them"))
  }
}
