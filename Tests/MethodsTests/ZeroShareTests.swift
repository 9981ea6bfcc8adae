import Graphs
import Ops
import Settings
import Tensors
import TestSupport
import Testing

@testable import Methods

@Suite("Channels of small weights: shares of zeros, and shares of the largest score")
struct ZeroShareTests {
  /// A network of two layers, 3 -> 4 -> 2, with given weights.
  private func network(_ hidden: [Float], _ logits: [Float]) throws -> Graph {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [3])])
    try graph.append(Linear(features: 4), name: "hidden", inputs: ["image"])
    try graph.append(ReLU(), name: "relu", inputs: ["hidden"])
    try graph.append(Linear(features: 2), name: "logits", inputs: ["relu"])
    graph.outputs = ["logits"]
    graph.initializeParameters(seed: 1)
    graph.parameters["hidden.weight"] = Parameter(Tensor(hidden, shape: [4, 3]))
    graph.parameters["logits.weight"] = Parameter(Tensor(logits, shape: [2, 4]))
    return graph
  }

  @Test("The larger of the two shares of zeros decides, and what is below the threshold is zero")
  func twoLayers() throws {
    let hidden: [[Float]] = [[1, 0.04, 1], [0.01, -0.02, 1], [1, -1, 1], [0.06, 1, 1]]
    let logits: [[Float]] = [[1, 1, 0, -0.05], [-0.01, 1, 0.02, 1]]
    let graph = try network(hidden.flatMap(\.self), logits.flatMap(\.self))
    let group = try #require(graph.channelGroups().first { $0.values.contains("hidden") })
    var criterion = ZeroShare()
    criterion.threshold = 0.05
    var context = SaliencyContext(graph: graph)
    let scores = try criterion.scores(of: [UnitSet(group, in: graph)], &context)[0]
    // Shares of zeros: made 1/3, 2/3, 0, 0; read 1/2, 0, 1, 0 (0.05 itself does not count as zero).
    let truth = [1 - 1.0 / 2, 1 - 2.0 / 3, 0, 1]
    #expect(scores.count == 4 && zip(scores, truth).allSatisfy { abs($0 - $1) < 1e-12 })
  }

  /// The evidence of a loss that rises by the same cost for each zero weight of the hidden layer.
  private struct Costly: Evidence {
    let cost: Double
    func meanLoss(of changed: Graph, images: Int) throws -> Double {
      let zeros = changed.parameters["hidden.weight"]?.value.values.count { $0 == 0 } ?? 0
      return 2 + cost * Double(zeros)
    }
    func forEachGradient(images: Int, _ body: ([String: Tensor]) -> Void) throws {}
    func forEachActivation(
      of values: [String], images: Int, real: Bool, _ body: ([String: Tensor]) -> Void
    ) throws {}
  }

  @Test(
    "The threshold is the largest that the loss can bear", arguments: [0, 0.09, 0.1, 0.35, 0.8, 1.15, 1.2, 9])
  func rise(_ rise: Double) throws {
    let hidden: [Float] = [0.5, -0.04, 1, 0.01, -0.02, 0.9, 0.8, -0.7, 0.6, 0.06, 0.3, 0.2]
    let graph = try network(hidden, [1, 1, 1, 1, 1, 1, 1, 1])
    let group = try #require(graph.channelGroups().first { $0.values.contains("hidden") })
    var criterion = ZeroShare()
    criterion.rise = rise
    #expect(criterion.evidence == [.losses])
    var context = SaliencyContext(graph: graph, evidence: Costly(cost: 0.1))
    let scores = try criterion.scores(of: [UnitSet(group, in: graph)], &context)[0]
    // The smallest weights are removed as long as the total cost allows it, up to rounding.
    let gone = hidden.sorted { abs($0) < abs($1) }.prefix(Int(rise / 0.1 + 1e-9))
    let truth = (0..<4).map { channel in
      1 - Double(hidden[3 * channel..<3 * channel + 3].count { gone.contains($0) }) / 3
    }
    #expect(zip(scores, truth).allSatisfy { abs($0 - $1) < 1e-12 }, "\(scores) \(truth)")
  }

  @Test("Channels below a share of the largest of their group go besides the sparsity, and the minimum stays")
  func below() throws {
    // Sums of absolute weights: 3, 0.2, 1, 0.02.
    let graph = try network([1, 1, 1, 0.1, 0, 0.1, 0.5, 0.5, 0, 0.02, 0, 0], [1, 1, 1, 1, 1, 1, 1, 1])
    func kept(_ below: Double, sparsity: Double = 0, minimum: Int = 1) throws -> [Float] {
      var pruning = ChannelPruning(sparsity: sparsity)
      (pruning.below, pruning.minimum) = (below, minimum)
      return try compressed(graph, by: pruning).graph.parameters["hidden.weight"]?.value.values ?? []
    }
    let (large, small, middle) = ([1, 1, 1] as [Float], [0.1, 0, 0.1] as [Float], [0.5, 0.5, 0] as [Float])
    // The shares of the largest are 0.2/3 and 0.02/3.
    #expect(try kept(0.01) == large + small + middle)
    #expect(try kept(0.07) == large + middle)
    #expect(try kept(0.07, minimum: 3) == large + small + middle)
    #expect(try kept(0.07, sparsity: 0.75) == large)
    #expect(try kept(1) == large)
  }

  /// A criterion with scores that may be negative, like curvatures.
  private struct Negative: Saliency {
    static let name = "negative"
    static let documentation = MethodDocumentation(summary: "", description: "", formula: "", paper: "")
    static var settings: [Setting<Negative>] { [] }
    func scale(of kind: UnitKind) -> ScoreScale { .plain }
    func scores(of sets: [UnitSet], _ context: inout SaliencyContext) throws -> [[Double]] {
      sets.map { set in (0..<set.count).map { Double($0) - 3 } }
    }
  }

  @Test("Negative scores are none far below the largest, and each layer has a share of its own")
  func negative() throws {
    let graph = try network([1, 1, 1, 0.1, 0, 0.1, 0.5, 0.5, 0, 0.02, 0, 0], [1, 1, 1, 1, 1, 1, 1, 1])
    func count(_ method: ChannelPruning, _ overrides: [String: ChannelPruning?] = [:]) throws -> Int? {
      var compression = Compression(method, graph: graph, overrides: overrides)
      return try method.compress(&compression).graph.shape(of: "hidden")?[1]
    }
    #expect(try count(ChannelPruning(sparsity: 0.25, criterion: Negative())) == 3)
    var own = ChannelPruning(sparsity: 0.25)
    own.below = 0.07
    #expect(try count(ChannelPruning(sparsity: 0.25), ["hidden": own]) == 2)
  }
}
