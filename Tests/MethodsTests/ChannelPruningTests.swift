import Execution
import Graphs
import Ops
import Settings
import Tasks
import Tensors
import TestSupport
import Testing

@testable import Methods

@Suite("Pruning of channels")
struct ChannelPruningTests {
  private func apply(
    _ method: ChannelPruning, _ graph: Graph, of original: Graph? = nil, progress: Double = 1,
    evidence: any Evidence = NoEvidence(), overrides: [String: ChannelPruning?] = [:]
  ) throws -> Rewrite {
    var compression = Compression(
      method, graph: graph, of: original ?? graph, progress: progress, evidence: evidence,
      random: SeededRandom(seed: 3, purpose: "pruning"), overrides: overrides)
    return try method.compress(&compression)
  }

  private func unitCount(_ graph: Graph) -> Int { graph.channelGroups().reduce(0) { $0 + $1.units.count } }

  @Test(
    "The smaller network computes what the masked one does, norms and biases included",
    arguments: [SmallGraph.residual, .fire, .separable, .lenet, .squeezeExcite, .shuffled],
    SaliencyCatalogue.all.indices)
  func equalsMasking(network: SmallGraph, criterion: Int) throws {
    let graph = try network.graph()
    let type = SaliencyCatalogue.all[criterion]
    // norm-scale has nothing to score in a network without norms.
    if type == NormScale.self, !graph.nodes.contains(where: { $0.op is BatchNorm }) { return }
    let evidence = PlanEvidence(
      graph, task: Classification(), backend: ReferenceBackend(),
      source: PatternSource(graph, images: 8, batch: 4), batch: 4)
    let rewrite = try apply(
      ChannelPruning(sparsity: 0.4, criterion: MethodCase.quick(type)), graph, evidence: evidence)
    try rewrite.graph.verify()
    #expect(rewrite.graph.parameterCount < graph.parameterCount)
    #expect(try rewrite.shrinkingViolations(of: graph) == [])
    let units = rewrite.removedUnits(from: graph)
    #expect(!units.isEmpty)
    #expect(try graph.masking(units).outputValues() != graph.outputValues())
    // Only criteria that compensate for removed channels change more than the surgery.
    let isCompensating = MethodCase(method: ChannelPruning(sparsity: 0.5, criterion: type.init()))
      .changesReaders
    #expect(try (graph.removingChannels(units).graph == rewrite.graph) != isCompensating)
  }

  @Test("Exactly the share of channels goes: of all together, or of each group")
  func exactCounts() throws {
    let graph = try SmallGraph.lenet.graph()
    #expect(unitCount(graph) == 4 + 6 + 8)
    let global = try apply(ChannelPruning(sparsity: 0.5), graph).graph
    #expect(unitCount(global) == 9)
    let layered = try apply(ChannelPruning(sparsity: 0.5, scope: .layer), graph).graph
    #expect(layered.channelGroups().map(\.units.count) == [2, 3, 4])
  }

  @Test("The l1 criterion removes the filters of the smallest absolute sums")
  func smallestFilters() throws {
    let graph = try SmallGraph.lenet.graph()
    let rewrite = try apply(ChannelPruning(sparsity: 0.5, scope: .layer), graph)
    for name in ["conv1", "conv2", "hidden"] {
      let weight = try #require(graph.parameters["\(name).weight"]).value
      let size = weight.values.count / weight.shape[0]
      let sums = (0..<weight.shape[0]).map { filter in
        weight.values[filter * size..<(filter + 1) * size].reduce(0.0) { $0 + Double(abs($1)) }
      }
      let best = sums.indices.sorted { sums[$0] > sums[$1] }.prefix(weight.shape[0] / 2).sorted()
      #expect(rewrite.origin["\(name).weight"]?.kept[0] == best)
    }
  }

  @Test("Global ranking compares scores over their group's mean")
  func normalized() throws {
    var graph = try SmallGraph.lenet.graph()
    let plain = try apply(ChannelPruning(sparsity: 0.5), graph)
    // Scaling a layer's weights changes nothing, because a filter's share of its layer counts.
    let larger = try #require(graph.parameters["conv2.weight"]).value.values.map { $0 * 64 }
    graph.parameters["conv2.weight"]?.value.values = larger
    let scaled = try apply(ChannelPruning(sparsity: 0.5), graph)
    #expect(plain.origin == scaled.origin)
  }

  @Test("Taylor scores are the squared changes of the loss by removal, where network and loss are linear")
  func taylorIsRemoval() throws {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [2, 5, 5])])
    try graph.append(Conv2D(filters: 4, kernel: 3, padding: 1), name: "stem", inputs: ["image"])
    try graph.append(Conv2D(filters: 4, kernel: 3, padding: 1), name: "branch", inputs: ["stem"])
    try graph.append(Add(), name: "sum", inputs: ["branch", "stem"])
    try graph.append(Conv2D(filters: 4, kernel: 3, groups: 4), name: "depth", inputs: ["sum"])
    try graph.append(Flatten(), name: "flat", inputs: ["depth"])
    try graph.append(Linear(features: 6), name: "hidden", inputs: ["flat"])
    try graph.append(Linear(features: 3), name: "logits", inputs: ["hidden"])
    graph.outputs = ["logits"]
    graph.scatterParameters(seed: 8)
    let evidence = LinearLoss(graph, batches: 3, batch: 4, seed: 2)
    let groups = graph.channelGroups()
    #expect(groups.map(\.units.count) == [4, 6])
    var context = SaliencyContext(graph: graph, evidence: evidence, images: 12)
    let scores = try TaylorExpansion().scores(of: groups.map { UnitSet($0, in: graph) }, &context)
    let before = try evidence.losses(of: graph)
    for (group, scores) in zip(groups, scores) {
      // The stem is read by the branch and, through the sum, by the classifier, so the loss is of second
      // order in its units. The brute force therefore takes each unit's first-order change from small steps
      // of masking.
      for (unit, score) in zip(group.units, scores) {
        let step = 1.0 / 64
        let up = try evidence.losses(of: graph.attenuating(unit, by: step))
        let down = try evidence.losses(of: graph.attenuating(unit, by: -step))
        let changes = zip(up, down).map { ($0 - $1) / (2 * step) }
        let truth = changes.reduce(0) { $0 + $1 * $1 } / Double(changes.count)
        #expect(abs(score - truth) <= 2e-3 * truth + 1e-9)
      }
    }
    // Hidden units are read by one layer, so removal itself is the truth.
    for (unit, score) in zip(groups[1].units, scores[1]) {
      let after = try evidence.losses(of: graph.removingChannels([unit]).graph)
      let truth = zip(after, before).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } / Double(before.count)
      #expect(abs(score - truth) <= 1e-3 * truth + 1e-9)
    }
    let rewrite = try apply(
      ChannelPruning(sparsity: 0.34, criterion: TaylorExpansion(), scope: .layer), graph, evidence: evidence)
    let order = scores[1].indices.sorted { scores[1][$0] > scores[1][$1] }
    #expect(rewrite.origin["hidden.weight"]?.kept[0] == order.prefix(4).sorted())
  }

  @Test(
    "The share of multiply-adds is reached with as few channels as the order allows", arguments: [0.3, 0.6])
  func multiplyAdds(sparsity: Double) throws {
    for scope: any Allocation in [GlobalRanking(), UniformAllocation()] {
      let graph = try SmallGraph.residual.graph()
      let method = ChannelPruning(sparsity: sparsity, of: .multiplyAdds, scope: scope)
      let pruned = try apply(method, graph).graph
      let limit = (1 - sparsity) * Double(graph.multiplyAdds)
      #expect(Double(pruned.multiplyAdds) <= limit)
      #expect(unitCount(pruned) < unitCount(graph))
      // A share that removes one channel less misses the limit.
      let gone = unitCount(graph) - unitCount(pruned)
      guard scope is GlobalRanking else { continue }
      let less = Double(gone - 1) / Double(unitCount(graph))
      #expect(Double(try apply(ChannelPruning(sparsity: less), graph).graph.multiplyAdds) > limit)
    }
  }

  @Test("Steps of a gradual schedule count from the network that the stage began with")
  func gradual() throws {
    let graph = try SmallGraph.separable.graph()
    var method = ChannelPruning(sparsity: 0.5)
    method.amount.schedule = .cubic
    method.amount.times = 2
    let count = Double(unitCount(graph))
    var stepped = graph
    for progress in [0, 0.5, 1] {
      stepped = try apply(method, stepped, of: graph, progress: progress).graph
      let share = 0.5 - 0.5 * (1 - progress) * (1 - progress) * (1 - progress)
      #expect(unitCount(stepped) == Int(count) - Int((share * count).rounded()))
    }
    #expect(try apply(method, stepped, of: graph).graph == stepped)
  }

  @Test("The minimum stays, and what it makes impossible is said before any training")
  func minimum() throws {
    let graph = try SmallGraph.lenet.graph()
    var method = ChannelPruning(sparsity: 0.9, scope: .layer)
    method.minimum = 3
    #expect(try apply(method, graph).graph.channelGroups().map(\.units.count) == [3, 3, 3])
    method.amount.scope = .global
    method.amount.schedule = .cubic
    #expect(
      errorMessage { _ = try apply(method, graph, progress: 0) }
        == "channel-pruning: sparsity: 0.9 is 16 of 18 channels, but only 9 can go when each group keeps 3; lower it"
    )
    method.measure = .multiplyAdds
    method.amount.sparsity = 0.99
    #expect(
      errorMessage { _ = try apply(method, graph, progress: 0) }.contains("of the multiply-adds cannot go"))
  }

  @Test("Counts that stay are rounded up to a multiple, where there are as many, and the minimum with them")
  func rounding() throws {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [2, 8, 8])])
    try graph.append(Conv2D(filters: 24, kernel: 3, padding: 1), name: "a", inputs: ["image"])
    try graph.append(Conv2D(filters: 20, kernel: 3, padding: 1), name: "b", inputs: ["a"])
    try graph.append(Conv2D(filters: 5, kernel: 3, padding: 1), name: "c", inputs: ["b"])
    try graph.append(GlobalAveragePool(), name: "pool", inputs: ["c"])
    try graph.append(Flatten(), name: "flat", inputs: ["pool"])
    try graph.append(Linear(features: 3), name: "logits", inputs: ["flat"])
    graph.outputs = ["logits"]
    graph.scatterParameters(seed: 6)
    func counts(_ method: ChannelPruning) throws -> [Int] {
      try apply(method, graph).graph.channelGroups().map(\.units.count)
    }
    var method = ChannelPruning(sparsity: 0.5, scope: .layer)
    #expect(try counts(method) == [12, 10, 2])
    method.roundTo = 8
    #expect(try counts(method) == [16, 16, 5])
    method.amount.sparsity = 0.7
    #expect(try counts(method) == [8, 8, 5])
    method.minimum = 9
    #expect(try counts(method) == [16, 16, 5])
    method.minimum = 1
    method.amount.scope = .global
    let free = try counts(ChannelPruning(sparsity: 0.7))
    let rounded = try counts(method)
    for (count, (free, whole)) in zip(rounded, zip(free, [24, 20, 5])) {
      #expect(count == min(whole, (free + 7) / 8 * 8))
    }
    // Units with the highest scores stay, so the rounded network keeps all units of the free one.
    let kept = try apply(ChannelPruning(sparsity: 0.7), graph).origin["a.weight"]?.kept[0] ?? []
    let more = try apply(method, graph).origin["a.weight"]?.kept[0] ?? Array(0..<24)
    #expect(Set(kept).isSubset(of: more))
    method.amount.sparsity = 0.05
    #expect(errorMessage { _ = try counts(method) }.contains("rounded up to a multiple of 8"))
    // The limit of multiply-adds is met despite rounding, also in several steps.
    method.measure = .multiplyAdds
    method.amount.sparsity = 0.5
    for scope in [GlobalRanking(), UniformAllocation()] as [any Allocation] {
      method.amount.scope = scope
      let pruned = try apply(method, graph).graph
      #expect(pruned.multiplyAdds * 2 <= graph.multiplyAdds)
      #expect(pruned.channelGroups().allSatisfy { $0.units.count % 8 == 0 || $0.units.count == 5 })
    }
    method.amount.schedule = .linear
    var stepped = graph
    for progress in [0.25, 0.5, 0.75, 1] {
      stepped = try apply(method, stepped, of: graph, progress: progress).graph
      #expect(Double(stepped.multiplyAdds) <= (1 - 0.5 * progress) * Double(graph.multiplyAdds))
      #expect(
        stepped.channelGroups().allSatisfy { $0.units.count % 8 == 0 || [20, 5].contains($0.units.count) })
    }
    method.amount.schedule = .once
    method.amount.sparsity = 0.97
    #expect(errorMessage { _ = try apply(method, graph) }.contains("keeps 1 and a multiple of 8"))
  }

  @Test("Layers that are left out keep their channels, and with them all that is tied to these")
  func overrides() throws {
    let graph = try SmallGraph.residual.graph()
    let rewrite = try apply(ChannelPruning(sparsity: 0.5, scope: .layer), graph, overrides: ["a2.conv": nil])
    #expect((rewrite.graph.node(named: "stem.conv")?.op as? Conv2D)?.filters == 4)
    #expect((rewrite.graph.node(named: "a1.conv")?.op as? Conv2D)?.filters == 2)
  }

  @Test("Applicability says why a node keeps its channels")
  func applicability() throws {
    let graph = try SmallGraph.shuffled.graph()
    func applicability(_ name: String) throws -> Applicability {
      ChannelPruning().applicability(to: try #require(graph.node(named: name)), in: graph)
    }
    #expect(try applicability("stem.conv") == .applicable)
    #expect(
      try applicability("depth")
        == .notApplicable(
          reason: "it makes no channels: its channels are those of the layers that it reads"))
    #expect(
      try applicability("grouped")
        == .notApplicable(reason: "its channels stay: a convolution of 2 groups ties them"))
    guard case .notApplicable(let reason) = try applicability("mixed.conv") else {
      Issue.record("mixed.conv feeds a grouped convolution")
      return
    }
    #expect(reason.contains("a convolution of 2 groups ties them"))
  }

  @Test("The control is the same pruning by chance")
  func control() throws {
    let method = ChannelPruning(sparsity: 0.3, criterion: TaylorExpansion())
    #expect(method.evidence == [.gradients])
    let control = try #require(method.randomControl as? ChannelPruning)
    #expect(control.criterion.node == RandomScore().node && control.criterion is RandomScore)
    #expect(control.amount == method.amount && control.evidence.isEmpty)
    #expect(control.randomControl == nil)
  }
}

extension Graph {
  /// The graph with weights that read the unit's channels multiplied by `1 + share`.
  func attenuating(_ unit: ChannelUnit, by share: Double) -> Graph {
    var graph = self
    for reader in ChannelReader.all(of: self) {
      guard let channels = unit.channels[reader.value], var tensor = parameters[reader.parameter]?.value
      else {
        continue
      }
      let inner = tensor.shape.dimensions[(reader.axis + 1)...].reduce(1, *)
      for i in tensor.values.indices where channels.contains(i / inner % tensor.shape[reader.axis]) {
        tensor.values[i] *= Float(1 + share)
      }
      graph.parameters[reader.parameter] = Parameter(tensor)
    }
    return graph
  }
}
