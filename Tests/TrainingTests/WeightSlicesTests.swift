import Execution
import Graphs
import Networks
import Ops
import Settings
import Tensors
import TestSupport
import Testing

@testable import Training

@Suite("Networks as parts of a larger one")
struct WeightSlicesTests {
  /// A space with everything that slices follow: kernels, blocks, branches that are stacked, and features.
  private static let space = """
    input: [2, 8, 8]
    classes: 3
    variables: {first: 6, left: 4, right: 5, kernel: 5, depth: 3, hidden: 7}
    layers:
      - conv-norm: {name: stem, filters: $first, kernel: $kernel}
      - stage: {name: body, count: $depth, of: {residual: $first}}
      - conv: {name: left, filters: $left, kernel: 3, padding: 1}
      - conv: {name: right, from: body, filters: $right, kernel: 1}
      - concat: {from: [left, right]}
      - max-pool: 2
      - flatten
      - linear: {name: hidden, features: $hidden}
      - relu
      - classifier
    """

  private static func network(_ variables: String = "{}") throws -> Graph {
    let spec = try NetworkSpec(SettingsNode(yaml: space, source: "space.yaml"), defaultName: "space")
    var options = NetworkOptions()
    for entry in try SettingsNode(yaml: variables, source: "test").mapping("variables") {
      options.variables[entry.key] = entry.value
    }
    return try spec.build(options: options)
  }

  /// The largest network with zeros where a smaller one has nothing: later channels, outer taps, later blocks.
  private static func masked(_ largest: Graph, to member: Graph) throws -> Graph {
    var graph = largest
    for node in largest.nodes {
      let own = member.node(named: node.name).flatMap { member.shape(of: $0.name) }?[1]
      for (name, slot) in largest.slots(of: node) where slot.isTrainable {
        var tensor = try #require(graph.parameters[name]?.value)
        let each = tensor.values.count / tensor.shape[0]
        // A block that is missing adds nothing to its input.
        for place in tensor.values.indices where place / each >= own ?? 0 { tensor.values[place] = 0 }
        if let now = (member.node(named: node.name)?.op as? Conv2D)?.kernel.height, slot.shape.rank == 4,
          now < slot.shape[2]
        {
          let (side, border) = (slot.shape[2], (slot.shape[2] - now) / 2)
          for place in tensor.values.indices {
            let (row, column) = (place % each % (side * side) / side, place % side)
            let isInside = [row, column].allSatisfy { (border..<(border + now)).contains($0) }
            if !isInside { tensor.values[place] = 0 }
          }
        }
        graph.parameters[name]?.value = tensor
      }
    }
    return graph
  }

  /// The scores of three random images in inference.
  private static func scores(_ graph: Graph) throws -> [Float] {
    let plan = try ReferenceBackend().compile(graph, PlanOptions(batch: 3, mode: .inference))
    let tap = try plan.tap("logits")
    plan.forward(Tensor(random: [3, 2, 8, 8], seed: 9).values.span, key: 0)
    var values = Array(repeating: Float(0), count: tap.count)
    var span = values.mutableSpan
    plan.readTap(tap, into: &span)
    return values
  }

  @Test(
    "A slice computes what the largest network computes without the other channels, taps and blocks",
    arguments: [
      "{}", "{first: 4}", "{left: 2, right: 3}", "{kernel: 3}", "{kernel: 1}", "{depth: 1}", "{hidden: 2}",
      "{first: 1, left: 1, right: 1, kernel: 1, depth: 1, hidden: 1}",
      "{first: 5, left: 3, right: 2, kernel: 3, depth: 2, hidden: 6}",
    ])
  func equalsMasked(variables: String) throws {
    var largest = try Self.network()
    largest.scatterParameters(seed: 3)
    let structure = try Self.network(variables)
    let member = try WeightSlices(of: largest, by: structure)
      .network(largest.parameters.mapValues(\.value))
    try member.verify()
    let expected = try Self.scores(Self.masked(largest, to: structure))
    let scale = try #require(expected.map(abs).max())
    for (found, expected) in zip(try Self.scores(member), expected) {
      #expect(abs(found - expected) < 1e-5 * max(1, scale))
    }
    #expect(member.parameterCount <= largest.parameterCount)
  }

  @Test("What is no part of the largest network is refused with the layer and the reason")
  func refusals() throws {
    let largest = try Self.network()
    for (variables, words) in [
      ("{first: 7}", "\"stem.conv1\": it has 7 channels, the largest network 6"),
      ("{depth: 4}", "\"body.block4.conv1\": the largest network has no such layer"),
    ] {
      let message = errorMessage { _ = try WeightSlices(of: largest, by: try Self.network(variables)) }
      #expect(message.contains(words), "\(message)")
    }
    var other = Graph(inputs: [GraphInput(name: "image", shape: [2, 9, 9])])
    try other.append(Flatten(), name: "flatten", inputs: ["image"])
    #expect(
      errorMessage { _ = try WeightSlices(of: largest, by: other) }.contains("leave the input's size fixed"))
    // Features of another plane are others, whatever their number.
    func flat(_ stride: Int) throws -> Graph {
      var graph = Graph(inputs: [GraphInput(name: "image", shape: [1, 8, 8])])
      try graph.append(
        Conv2D(filters: 2, kernel: 3, stride: stride, padding: 1), name: "conv", inputs: ["image"])
      try graph.append(Flatten(), name: "flatten", inputs: ["conv"])
      try graph.append(Linear(features: 3), name: "logits", inputs: ["flatten"])
      return graph
    }
    let message = errorMessage { _ = try WeightSlices(of: try flat(1), by: try flat(2)) }
    #expect(
      message.contains("\"flatten\"") && message.contains("keep the shape before it fixed"), "\(message)")
  }
}
