import Execution
import Foundation
import Graphs
import Ops
import Settings
import Tasks
import Tensors
import TestSupport
import Testing
import Training

@testable import Methods

@Suite("What each layer loses")
struct AllocationTests {
  private static var none: AllocationContext {
    AllocationContext { _, _, _ in
      Issue.record("nothing is measured")
      return 0
    }
  }

  /// A curve of ten losses.
  private static func curve(_ loss: (Double) -> Double) -> [Double] { (0..<10).map { loss(Double($0)) } }

  private static func layer(_ dimensions: [Int], gone: Int = 0) -> AllocatedLayer {
    let count = dimensions.reduce(1, *)
    return AllocatedLayer(
      name: "\(dimensions)", shape: Shape(dimensions), count: count, gone: gone, most: count - 1)
  }

  /// The layers of lenet-5.
  private static let lenet = [
    layer([6, 1, 5, 5]), layer([16, 6, 5, 5]), layer([120, 400]), layer([84, 120]), layer([10, 84]),
  ]

  /// The densities by RigL's code: layers that would be denser than 1 are dense, and the factor is computed
  /// again for the rest.
  private static func denseAsInRigL(_ layers: [AllocatedLayer], sparsity: Double) -> [Double] {
    var whole: Set<Int> = []
    while true {
      var (missing, raw) = (0.0, [Double](repeating: 0, count: layers.count))
      var sum = 0.0
      for (place, layer) in layers.enumerated() {
        let extents = layer.shape?.dimensions ?? []
        raw[place] = Double(extents.reduce(0, +)) / Double(extents.reduce(1, *))
        if whole.contains(place) {
          missing -= Double(layer.count) * sparsity
        } else {
          missing += Double(layer.count) * (1 - sparsity)
          sum += raw[place] * Double(layer.count)
        }
      }
      let factor = missing / sum
      let over = layers.indices.filter { !whole.contains($0) && factor * raw[$0] > 1 }
      if over.isEmpty { return layers.indices.map { whole.contains($0) ? 1 : factor * raw[$0] } }
      // Only the largest of them become dense in a round, as in RigL's code.
      let largest = over.map { raw[$0] }.max() ?? 0
      whole.formUnion(over.filter { raw[$0] == largest })
    }
  }

  @Test(
    "Densities of Erdős–Rényi kernels are those of RigL's rule, and the total is met exactly",
    arguments: [0.3, 0.5, 0.8, 0.9, 0.98])
  func erdosRenyi(sparsity: Double) throws {
    let truth = Self.denseAsInRigL(Self.lenet, sparsity: sparsity)
    let shares = try ErdosRenyiKernel().division(among: Self.lenet, Self.none)(sparsity)
    for ((layer, share), density) in zip(zip(Self.lenet, shares), truth) {
      #expect(abs((1 - share - density) * Double(layer.count)) <= 1.001, "\(layer.name)")
    }
    let lost = zip(Self.lenet, shares).map { layer, share in share * Double(layer.count) }.reduce(0, +)
    let count = Self.lenet.reduce(0) { $0 + $1.count }
    #expect(abs(lost - (sparsity * Double(count)).rounded()) < 1e-6)
  }

  @Test("Two layers without a cap: densities are as the sums over the products of their extents")
  func erdosRenyiByHand() throws {
    // Densities are 12/32 and 20/64 of the factor e; 24 of 96 weights stay, so 12·e + 20·e = 24.
    let layers = [Self.layer([8, 4]), Self.layer([16, 4])]
    let shares = try ErdosRenyiKernel().division(among: layers, Self.none)(0.75)
    let truth: [Double] = [23.0 / 32, 49.0 / 64]
    #expect(shares == truth)
  }

  @Test("What is gone already stays gone, and counts")
  func erdosRenyiGone() throws {
    let layers = [Self.layer([8, 4], gone: 28), Self.layer([16, 4])]
    let shares = try ErdosRenyiKernel().division(among: layers, Self.none)(0.75)
    let truth: [Double] = [28.0 / 32, 44.0 / 64]
    #expect(shares == truth)
  }

  /// The units that layers of 10 units with given curves lose, if the allocation measures every unit.
  private static func measured(
    _ curves: [[Double]], gone: [Int] = [], savings: [Double] = [], share: Double
  ) throws -> [Int] {
    let layers = curves.indices.map { place in
      AllocatedLayer(
        name: "\(place)", count: 10, gone: gone.isEmpty ? 0 : gone[place], most: curves[place].count - 1)
    }
    let context = AllocationContext(
      saving: { Double($1) * (savings.isEmpty ? 1 : savings[$0]) },
      meanLoss: { layer, gone, _ in curves[layer][gone] })
    var allocation = MeasuredSensitivity()
    allocation.at = (1...9).map { Double($0) / 10 }
    return try allocation.division(among: layers, context)(share).map { Int(($0 * 10).rounded()) }
  }

  /// The least cost of all ways to lose this number of units, with the costs of `curves`, found by trying
  /// all.
  private static func cheapest(_ curves: [[Double]], losing units: Int) -> Double {
    var best = [0: 0.0]
    for curve in curves {
      var next: [Int: Double] = [:]
      for (lost, cost) in best {
        for (more, loss) in curve.enumerated() {
          let total = cost + loss - curve[0]
          next[lost + more] = min(next[lost + more] ?? .infinity, total)
        }
      }
      best = next
    }
    return best[units] ?? .infinity
  }

  @Test("Of convex curves the shares are the best of all, by brute force", arguments: 1...27)
  func convex(units: Int) throws {
    let curves = [
      Self.curve { 1 + 0.01 * $0 * $0 }, Self.curve { 0.98 + exp(0.4 * $0) / 50 },
      Self.curve { 1 + 0.05 * $0 },
    ]
    let lost = try Self.measured(curves, share: Double(units) / 30)
    #expect(lost.reduce(0, +) == units)
    let cost = zip(curves, lost).map { curve, gone in curve[gone] - curve[0] }.reduce(0, +)
    #expect(abs(cost - Self.cheapest(curves, losing: units)) < 1e-12)
  }

  @Test("Steps of curves are passed on their hulls; what has no loss or is no number is taken first and last")
  func hull() throws {
    let step = Self.curve { $0 < 5 ? 1 : 3 }
    let steep = Self.curve { 1 + $0 }
    #expect(try Self.measured([steep, step], share: 0.2) == [0, 4])
    // The step's hull rises by 2 over 5 units, which is less than 1 for each unit of the other curve.
    #expect(try Self.measured([steep, step], share: 0.45) == [0, 9])
    let broken = Self.curve { $0 == 0 ? 1 : .nan }
    #expect(try Self.measured([broken, steep], share: 0.45) == [0, 9])
    func point(_ gone: Int, _ loss: Double) -> SensitivityHull.Point {
      SensitivityHull.Point(gone: gone, saving: Double(gone), loss: loss)
    }
    let segments = SensitivityHull.segments(of: [point(0, 0), point(1, 2), point(2, 1)], layer: 3)
    #expect(segments == [SensitivityHull.Segment(layer: 3, first: 0, last: 2, slope: 0.5)])
  }

  @Test("Losses before count, and so does what a unit saves")
  func weighted() throws {
    let curves = [Self.curve { 1 + 0.1 * $0 }, Self.curve { 1 + 0.2 * $0 }]
    #expect(try Self.measured(curves, share: 0.4) == [8, 0])
    #expect(try Self.measured(curves, savings: [1, 4], share: 0.4) == [0, 8])
    #expect(try Self.measured(curves, gone: [0, 3], share: 0.4) == [5, 3])
  }

  private static func evidence(_ graph: Graph) -> PlanEvidence {
    PlanEvidence(
      graph, task: Classification(), backend: ReferenceBackend(),
      source: PatternSource(graph, images: 10, batch: 4), batch: 4)
  }

  @Test("The mean loss of a network is the cross-entropy of its inference over the same images")
  func meanLoss() throws {
    let graph = try SmallGraph.residual.graph()
    var other = graph
    other.scatterParameters(seed: 99)
    for network in [graph, other] {
      let source = PatternSource(graph, images: 10, batch: 4)
      let evaluator = try Evaluator(
        network, task: Classification(), backend: ReferenceBackend(), batch: 4, precision: .f32, threads: 1)
      let truth = try #require(try evaluator.score(source)?.loss)
      let found = try Self.evidence(graph).meanLoss(of: network, images: 10)
      #expect(abs(found - truth) <= 1e-5 * max(1, truth))
    }
  }

  @Test("A source without images refuses changed networks by name")
  func refused() throws {
    let graph = try SmallGraph.lenet.graph()
    var compression = Compression(
      WeightPruning(sparsity: 0.5, criterion: Magnitude(), scope: MeasuredSensitivity()), graph: graph)
    #expect(errorMessage { _ = try compression.method.compress(&compression) }.contains("changed networks"))
  }

  @Test("Weights lose what the division says, each layer its smallest, and all together what is asked for")
  func weights() throws {
    let graph = try SmallGraph.lenet.graph()
    for scope: any Allocation in [ErdosRenyiKernel(), MeasuredSensitivity()] {
      var compression = Compression(
        WeightPruning(sparsity: 0.6, criterion: Magnitude(), scope: scope), graph: graph,
        evidence: Self.evidence(graph))
      let pruned = try compression.method.compress(&compression).graph
      var (count, gone) = (0, 0)
      for node in graph.nodes {
        for (name, parameter) in pruned.prunableWeights(of: node) {
          let survivors = parameter.survivors
          count += survivors.count
          gone += survivors.count { !$0 }
          let values = parameter.value.values
          let kept = survivors.indices.filter { survivors[$0] }.map { abs(values[$0]) }.min() ?? 0
          let lost = survivors.indices.filter { !survivors[$0] }.map { abs(values[$0]) }.max() ?? 0
          #expect(lost <= kept, "\(name)")
        }
      }
      #expect(gone == Int((0.6 * Double(count)).rounded()))
    }
  }

  @Test("Channels lose where the measured loss grows least; their multiply-adds are met")
  func channels() throws {
    let graph = try SmallGraph.lenet.graph()
    var compression = Compression(
      ChannelPruning(sparsity: 0.5, scope: MeasuredSensitivity()), graph: graph,
      evidence: Self.evidence(graph))
    let pruned = try compression.method.compress(&compression).graph
    #expect(pruned.channelGroups().reduce(0) { $0 + $1.units.count } == 9)
    var weighted = Compression(
      ChannelPruning(sparsity: 0.5, of: .multiplyAdds, scope: MeasuredSensitivity()), graph: graph,
      evidence: Self.evidence(graph))
    let smaller = try weighted.method.compress(&weighted).graph
    #expect(2 * smaller.multiplyAdds <= graph.multiplyAdds)
  }

  @Test("Allocations are read by name and with settings; channels know none of kernels")
  func settings() throws {
    func amount(_ yaml: String) throws -> any Allocation {
      try ChannelPruning(from: try SettingsNode(yaml: yaml, source: "t.yaml"), owner: "channel-pruning")
        .amount.scope
    }
    #expect(try amount("scope: layer") is UniformAllocation)
    let measured = try #require(try amount("scope: {sensitivity: {images: 64}}") as? MeasuredSensitivity)
    #expect(measured.images == 64)
    #expect(errorMessage { _ = try amount("scope: erdos-renyi-kernel") }.contains("layer"))
    #expect(errorMessage { _ = try amount("scope: {sensitivity: {at: [0.5, 0.5]}}") }.contains("rising"))
    // A scope without settings keeps its short form in recipes and addresses.
    #expect(ChannelPruning().node["scope"] == "global".node)
  }

  @Test("Layers are tied where they lose the same channels")
  func tied() throws {
    let graph = try SmallGraph.residual.graph()
    func tied(_ name: String) throws -> [String] {
      ChannelPruning().layersTied(to: try #require(graph.node(named: name)), in: graph)
    }
    #expect(try tied("stem.conv") == ["stem.conv", "a2.conv"])
    #expect(try tied("b.project.conv") == ["b2.conv", "b.project.conv"])
    #expect(try tied("a1.conv") == ["a1.conv"])
  }
}
