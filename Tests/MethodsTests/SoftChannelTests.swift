import Encodings
import Execution
import Graphs
import Ops
import Settings
import Tasks
import Tensors
import TestSupport
import Testing
import Training

@testable import Methods

/// A rewriter that applies a method at equal steps of a training, as a stage does.
final class MethodRewriter<M: CompressionMethod>: GraphRewriter {
  let method: M
  let original: Graph
  /// The observer of the network before each point.
  var seen: (Graph, RewritePoint) -> Void = { _, _ in }

  init(_ method: M, _ original: Graph) {
    self.method = method
    self.original = original
  }

  func points(updates: Int) -> [Int] {
    guard case .gradual(let times, let share) = method.pacing else { return [0] }
    return RewritePoint.gradual(times: times, share: share, updates: updates)
  }

  func rewrite(_ graph: Graph, at point: RewritePoint) throws -> Rewrite {
    seen(graph, point)
    var compression = Compression(method, graph: graph, of: original, progress: point.progress)
    return try method.compress(&compression)
  }
}

@Suite("Channels that fade before they go")
struct SoftChannelTests {
  private func apply<M: CompressionMethod>(
    _ method: M, _ graph: Graph, of original: Graph, at progress: Double
  ) throws -> Graph {
    var compression = Compression(method, graph: graph, of: original, progress: progress)
    let rewrite = try method.compress(&compression)
    try rewrite.graph.verify()
    return rewrite.graph
  }

  @Test("Filters of the lowest norms are zero, in all layers that are tied, and nothing else changes")
  func softened() throws {
    for network in [SmallGraph.residual, .separable, .fire, .lenet] {
      let graph = try network.graph()
      let soft = try apply(SoftFilterPruning(sparsity: 0.5), graph, of: graph, at: 0.5)
      let norms = ChannelPruning(sparsity: 0.5, criterion: Magnitude(), scope: .layer)
      let removed = try apply(norms, graph, of: graph, at: 1)
      var zeros = 0
      for (name, parameter) in graph.parameters {
        let after = try #require(soft.parameters[name])
        #expect(after.encoding.isEqual(to: Dense()))
        for (before, after) in zip(parameter.value.values, after.value.values) {
          #expect(after == before || after == 0)
          zeros += after == 0 ? 1 : 0
        }
        if !name.hasSuffix(".weight") { #expect(after == parameter) }
      }
      #expect(zeros > 0)
      // Without training in between, the last point removes exactly the channels that were zero.
      #expect(try apply(SoftFilterPruning(sparsity: 0.5), soft, of: graph, at: 1) == removed)
    }
  }

  @Test("A filter that grows again stays")
  func grows() throws {
    let graph = try SmallGraph.lenet.graph()
    let method = SoftFilterPruning(sparsity: 0.5)
    var soft = try apply(method, graph, of: graph, at: 0.25)
    var weight = try #require(soft.parameters["conv1.weight"]).value
    let gone = (0..<4).filter { weight.values[$0 * 25..<$0 * 25 + 25].allSatisfy { $0 == 0 } }
    #expect(gone.count == 2)
    for element in gone[0] * 25..<gone[0] * 25 + 25 { weight.values[element] = 9 }
    soft.parameters["conv1.weight"]?.value = weight
    let small = try apply(method, soft, of: graph, at: 1)
    let left = try #require(small.parameters["conv1.weight"]).value
    #expect(left.shape == [2, 1, 5, 5])
    #expect(left.values.count { $0 == 9 } == 25)
  }

  @Test("The pull grows by a step for the lowest channels up to the ceiling, and falls for the others")
  func strengths() throws {
    var graph = try SmallGraph.residual.graph()
    let original = graph
    let method = GrowingRegularization(sparsity: 0.5, scope: .layer, ceiling: 1, times: 5)
    func strengths(_ name: String) -> [Float]? { (graph.parameters[name]?.encoding as? Attracted)?.strength }
    let groups = graph.channelGroups()
    let stem = try #require(groups.firstIndex { $0.values.contains("stem.conv") })
    let set = UnitSet(groups[stem], in: graph)
    // The stem's channels are also those of the sum, and so of a2 and of both norms.
    #expect(Set(set.parameters(.making)) == ["stem.conv.weight", "a2.conv.weight"])
    var context = SaliencyContext(graph: graph)
    let scores = try AbsoluteSum().scores(of: [set], &context)[0]
    let lowest = Set(scores.indices.sorted { scores[$0] < scores[$1] }.prefix(2))
    for (point, strength) in [(1, 0.25), (2, 0.5), (3, 0.75), (4, 1), (4, 1)] as [(Int, Float)] {
      graph = try apply(method, graph, of: original, at: Double(point) / 5)
      for name in set.parameters(.making) + set.parameters(.scaling) {
        let found = try #require(strengths(name), "\(name)")
        let size = found.count / 4
        for channel in 0..<4 {
          #expect(
            found[channel * size..<(channel + 1) * size].allSatisfy {
              $0 == (lowest.contains(channel) ? strength : 0)
            })
        }
      }
    }
    #expect(strengths("stem.conv.bias") == nil && strengths("logits.weight") == nil)
    // Other filters become the lowest, so the pull moves to them, one step at each point.
    for name in ["stem.conv.weight", "a2.conv.weight"] {
      guard var values = graph.parameters[name]?.value else { continue }
      let size = values.values.count / 4
      for i in values.values.indices where lowest.contains(i / size) { values.values[i] *= 1000 }
      graph.parameters[name]?.value = values
    }
    graph = try apply(method, graph, of: original, at: 0.9)
    let moved = try #require(strengths("stem.conv.weight"))
    for channel in 0..<4 {
      #expect(moved[channel * moved.count / 4] == (lowest.contains(channel) ? 0.75 : 0.25))
    }
  }

  @Test(
    "Training takes the channels that will be removed near to zero before they are; others live")
  func nearZero() throws {
    let graph = try SmallGraph.residual.graph()
    var settings = TrainingSettings()
    settings.epochs = 30
    settings.batch = 8
    settings.learningRate = 0.05
    settings.optimizer = SGD(momentum: 0, nesterov: false)
    let method = GrowingRegularization(sparsity: 0.5, scope: .layer, ceiling: 10, times: 6)
    let rewriter = MethodRewriter(method, graph)
    /// The norms of the filters in the stem and in the layer tied to it, by channel.
    func norms(_ graph: Graph) -> [Double] {
      guard let group = graph.channelGroups().first(where: { $0.values.contains("stem.conv") }) else {
        return []
      }
      let set = UnitSet(group, in: graph)
      let squares = graph.parameters.mapValues { $0.value.values.map { Double($0) * Double($0) } }
      return set.sums(.making) { name in
        squares[name].map { values in { values[$0] } }
      }.map { $0.squareRoot() }
    }
    var last: Graph?
    rewriter.seen = { if $1.index == $1.count - 1 { last = $0 } }
    let trainer = try Trainer(
      Trainer.Setup(
        task: Classification(), graph: graph, backend: ReferenceBackend(), settings: settings, seed: 7,
        rewriter: rewriter),
      training: PatternSource(graph, images: 32, batch: 8))
    guard case .finished(let result) = try trainer.run() else {
      Issue.record("stopped")
      return
    }
    let before = norms(graph)
    let faded = norms(try #require(last))
    let kept = try #require(result.graph.parameters["stem.conv.weight"]).value.shape[0]
    #expect(kept == 2 && before.count == 4)
    let order = faded.indices.sorted { faded[$0] < faded[$1] }
    for channel in order.prefix(2) {
      #expect(faded[channel] < 0.05 * before[channel], "\(faded) of \(before)")
    }
    for channel in order.suffix(2) {
      #expect(faded[channel] > 0.3 * before[channel], "\(faded) of \(before)")
    }
    #expect(result.graph.parameters.values.allSatisfy { $0.encoding is Dense })
  }
}
