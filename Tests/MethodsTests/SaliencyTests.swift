import Execution
import Foundation
import Graphs
import Ops
import Settings
import Tasks
import Tensors
import TestSupport
import Testing

@testable import Methods

@Suite("Criteria of pruning")
struct SaliencyTests {
  @Test("Fisher scores are half the squared weight times the mean squared gradient")
  func fisher() throws {
    let network = try SmoothNetwork(seed: 21, images: 8, batch: 4)
    let gradients = network.images.map(network.gradient)
    let weights = network.weights
    let truth = SmoothNetwork.prunable.map { weight in
      let information = gradients.reduce(0) { $0 + $1[weight] * $1[weight] } / Double(gradients.count)
      return weights[weight] * weights[weight] * information / 2
    }
    var context = criterionContext(network)
    let found = try FisherInformation().scores(of: weightSets(network.graph), &context)
    expectNear(found.flatMap(\.self), truth, 1e-4)
    // A block of two inputs and two outputs has the sum of its weights.
    var block = Blocks()
    (block.outputs, block.inputs) = (2, 2)
    let blocks = try FisherInformation().scores(of: weightSets(network.graph, block), &context)
    #expect(blocks.map(\.count) == [3 * 2, 2 * 3])
    expectNear([blocks[0][3]], [[10, 11, 14, 15].reduce(0) { $0 + truth[$1] }], 1e-4)
    // The last block of hidden.weight has one output.
    expectNear([blocks[0][5]], [truth[18] + truth[19]], 1e-4)
  }

  @Test("Taylor scores of weights are (g·w)² or |g·w|, averaged over batches")
  func taylor() throws {
    let network = try SmoothNetwork(seed: 22, images: 8, batch: 4)
    let weights = network.weights
    let changes = network.batches.map { batch in
      let gradients = batch.map(network.gradient)
      return SmoothNetwork.prunable.map { weight in
        gradients.reduce(0) { $0 + $1[weight] } / Double(batch.count) * weights[weight]
      }
    }
    var context = criterionContext(network)
    let squared = try TaylorExpansion().scores(of: weightSets(network.graph), &context).flatMap(\.self)
    expectNear(
      squared, SmoothNetwork.prunable.indices.map { i in changes.reduce(0) { $0 + $1[i] * $1[i] } / 2 }, 1e-4)
    var absolute = TaylorExpansion()
    absolute.change = .absolute
    let scores = try absolute.scores(of: weightSets(network.graph), &context).flatMap(\.self)
    expectNear(
      scores, SmoothNetwork.prunable.indices.map { i in changes.reduce(0) { $0 + abs($1[i]) } / 2 }, 1e-4)
    // Within one batch both variants rank alike; for four images only the first batch is read.
    absolute.images = 4
    let first = try absolute.scores(of: weightSets(network.graph), &context).flatMap(\.self)
    expectNear(first, changes[0].map(abs), 1e-4)
  }

  @Test("Kernels and blocks of a convolution have the sums and norms of their weights")
  func unitsOfConvolutions() throws {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [3, 5, 5])])
    try graph.append(Conv2D(filters: 4, kernel: 3), name: "conv", inputs: ["image"])
    try graph.append(Flatten(), name: "flat", inputs: ["conv"])
    try graph.append(Linear(features: 2), name: "logits", inputs: ["flat"])
    graph.outputs = ["logits"]
    graph.scatterParameters(seed: 4)
    let weight = try #require(graph.parameters["conv.weight"]).value.values
    func element(_ o: Int, _ i: Int, _ place: Int) -> Double { Double(weight[(o * 3 + i) * 9 + place]) }
    var context = SaliencyContext(graph: graph)
    let kernels = try AbsoluteSum().scores(of: weightSets(graph, Kernels()), &context)
    #expect(kernels.map(\.count) == [12, 72])
    let norms = try Magnitude().scores(of: weightSets(graph, Kernels()), &context)
    for (o, i) in [(0, 0), (1, 2), (3, 1)] {
      let truth = (0..<9).reduce(0) { $0 + abs(element(o, i, $1)) }
      #expect(abs(kernels[0][o * 3 + i] - truth) < 1e-12)
      let norm = (0..<9).reduce(0) { $0 + element(o, i, $1) * element(o, i, $1) }.squareRoot()
      #expect(abs(norms[0][o * 3 + i] - norm) < 1e-12)
    }
    var block = Blocks()
    (block.outputs, block.inputs) = (2, 2)
    let blocks = try AbsoluteSum().scores(of: weightSets(graph, block), &context)
    #expect(blocks[0].count == 2 * 2 * 9)
    // The block has outputs 2 and 3, input 2 alone, and kernel position 5.
    let last = abs(element(2, 2, 5)) + abs(element(3, 2, 5))
    #expect(abs(blocks[0][(1 * 2 + 1) * 9 + 5] - last) < 1e-12)
  }

  @Test("Kernels and blocks go whole, the lowest first, and never more than the share asked for")
  func wholeUnits() throws {
    let graph = try SmallGraph.separable.graph()
    for unit in [Kernels(), Blocks()] as [any UnitShape] {
      let method = WeightPruning(sparsity: 0.6, criterion: AbsoluteSum(), unit: unit, scope: .layer)
      let pruned = try compressed(graph, by: method).graph
      var context = SaliencyContext(graph: graph)
      for set in weightSets(graph, unit) {
        let scores = try AbsoluteSum().scores(of: [set], &context)[0]
        let survivors = try #require(pruned.parameters[set.name]).survivors
        var left = Array(repeating: 0, count: set.count)
        var sizes = left
        for element in survivors.indices {
          sizes[set.unit(of: element)] += 1
          if survivors[element] { left[set.unit(of: element)] += 1 }
        }
        #expect(zip(left, sizes).allSatisfy { $0 == 0 || $0 == $1 })
        let gone = scores.indices.filter { left[$0] == 0 }
        let kept = scores.indices.filter { left[$0] > 0 }
        if let worst = gone.map({ scores[$0] }).max() { #expect(kept.allSatisfy { scores[$0] >= worst }) }
        let wanted = Int((0.6 * Double(survivors.count)).rounded())
        let count = gone.reduce(0) { $0 + sizes[$1] }
        let next = kept.min { scores[$0] < scores[$1] }.map { sizes[$0] } ?? 0
        #expect(count <= wanted && (kept.count == 1 || count + next > wanted))
      }
    }
  }

  @Test("Across layers kernels are ranked over the mean of their layer, single weights as they are")
  func scales() throws {
    var graph = try SmallGraph.lenet.graph()
    func masks(_ unit: any UnitShape) throws -> [String: [Bool]] {
      let method = WeightPruning(sparsity: 0.5, criterion: AbsoluteSum(), unit: unit)
      return try compressed(graph, by: method).graph.parameters.mapValues(\.survivors)
    }
    let (kernels, single) = (try masks(Kernels()), try masks(SingleWeights()))
    let larger = try #require(graph.parameters["conv2.weight"]).value.values.map { $0 * 64 }
    graph.parameters["conv2.weight"]?.value.values = larger
    #expect(try masks(Kernels()) == kernels)
    #expect(try masks(SingleWeights()) != single)
  }

  @Test(
    "Of a pattern the best of each so many neighbours along the inputs stay", arguments: [(2, 4), (1, 3)])
  func pattern(kept: Int, of: Int) throws {
    let graph = try SmallGraph.residual.graph()
    var unit = NeighbourPattern()
    (unit.kept, unit.of) = (kept, of)
    let method = WeightPruning(sparsity: 0.9, criterion: Magnitude(), unit: unit)
    let pruned = try compressed(graph, by: method).graph
    for (name, parameter) in graph.nodes.flatMap({ graph.prunableWeights(of: $0) }) {
      let shape = parameter.value.shape
      let (inputs, inner) = (shape[1], shape.spatialCount)
      let survivors = try #require(pruned.parameters[name]).survivors
      for output in 0..<shape[0] {
        for place in 0..<inner {
          for start in stride(from: 0, to: inputs, by: of) {
            let group = (start..<min(start + of, inputs)).map { (output * inputs + $0) * inner + place }
            let best = group.sorted { abs(parameter.value.values[$0]) > abs(parameter.value.values[$1]) }
            #expect(group.filter { survivors[$0] }.sorted() == best.prefix(kept).sorted(), "\(name)")
          }
        }
      }
    }
    // With a smaller share the pattern is only an upper limit.
    let mild = try compressed(
      graph, by: WeightPruning(sparsity: 0.2, criterion: Magnitude(), unit: unit)
    ).graph
    let count = graph.nodes.flatMap { graph.prunableWeights(of: $0) }.reduce(0) {
      $0 + $1.parameter.value.values.count
    }
    let zeros = mild.parameters.values.reduce(0) { $0 + $1.survivors.count { !$0 } }
    #expect(zeros == Int((0.2 * Double(count)).rounded()))
  }

  @Test("Norm scales rank channels, and what no norm scales is left alone and said")
  func normScale() throws {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [2, 6, 6])])
    try graph.append(Conv2D(filters: 6, kernel: 3, bias: false), name: "conv", inputs: ["image"])
    try graph.append(BatchNorm(), name: "norm", inputs: ["conv"])
    try graph.append(ReLU(), name: "relu", inputs: ["norm"])
    try graph.append(Flatten(), name: "flat", inputs: ["relu"])
    try graph.append(Linear(features: 8), name: "hidden", inputs: ["flat"])
    try graph.append(ReLU(), name: "act", inputs: ["hidden"])
    try graph.append(Linear(features: 3), name: "logits", inputs: ["act"])
    graph.outputs = ["logits"]
    graph.scatterParameters(seed: 3)
    graph.parameters["norm.scale"]?.value.values = [0.5, -2, 0.1, 1, -0.2, 3]
    let method = ChannelPruning(sparsity: 0.5, criterion: NormScale())
    let rewrite = try compressed(graph, by: method)
    #expect(rewrite.origin["conv.weight"]?.kept[0] == [1, 3, 5])
    #expect((rewrite.graph.node(named: "hidden")?.op as? Linear)?.features == 8)
    #expect(
      method.applicability(to: try #require(graph.node(named: "hidden")), in: graph)
        == .notApplicable(reason: "norm-scale: no batch norm scales its channels"))
    #expect(method.applicability(to: try #require(graph.node(named: "conv")), in: graph) == .applicable)
    // The random control draws among the same channels.
    let control = try #require(method.randomControl as? ChannelPruning)
    #expect((control.criterion as? RandomScore)?.among == "norm-scale")
    let random = try compressed(graph, by: control).graph
    #expect(random.parameterCount == rewrite.graph.parameterCount)
    #expect((random.node(named: "hidden")?.op as? Linear)?.features == 8)
    let lenet = try SmallGraph.lenet.graph()
    #expect(
      errorMessage { _ = try compressed(lenet, by: method) }.contains("that the criterion can score"))
  }

  @Test("Scales of several norms of a group are averaged, raw across layers")
  func coupledNorms() throws {
    let graph = try SmallGraph.residual.graph()
    var context = SaliencyContext(graph: graph)
    let groups = graph.channelGroups()
    let group = try #require(groups.first { $0.values.contains("stem.norm") && $0.values.contains("a2") })
    let scores = try NormScale().scores(of: [UnitSet(group, in: graph)], &context)[0]
    let stem = try #require(graph.parameters["stem.norm.scale"]).value.values
    let second = try #require(graph.parameters["a2.scale"]).value.values
    for (unit, score) in scores.enumerated() {
      #expect(abs(score - Double(abs(stem[unit]) + abs(second[unit])) / 2) < 1e-6)
    }
    #expect(NormScale().scale(of: .channel) == .plain)
  }

  @Test("Chance is one number a weight in the order of the network, as it always was")
  func random() throws {
    let graph = try SmallGraph.lenet.graph()
    let pruned = try compressed(graph, by: RandomPruning(amount: PruningAmount(sparsity: 0.5)), seed: 6).graph
    var stream = SeededRandom(seed: 6, purpose: "compression")
    let weights = graph.nodes.flatMap { graph.prunableWeights(of: $0) }
    let draws = weights.map { $0.parameter.value.values.map { _ in stream.uniform() } }
    let all = draws.flatMap(\.self).sorted()
    let limit = all[all.count - all.count / 2]
    for ((name, _), draws) in zip(weights, draws) {
      #expect(try #require(pruned.parameters[name]).survivors == draws.map { $0 >= limit })
    }
    let general = WeightPruning(sparsity: 0.5, criterion: RandomScore())
    #expect(try compressed(graph, by: general, seed: 6).graph == pruned)
    #expect(
      try compressed(graph, by: WeightPruning(sparsity: 0.7, criterion: Magnitude())).graph
        == compressed(graph, by: MagnitudePruning(sparsity: 0.7)).graph)
  }

  @Test("Settings of before are read, and written with every key")
  func oldSettings() throws {
    func written(_ yaml: String) throws -> String {
      let node = try SettingsNode(yaml: yaml, source: "test.yaml")
      return try ChannelPruning(from: node, owner: "channel-pruning").node.canonicalJSON
    }
    for name in ["l1", "taylor", "random"] {
      #expect(
        try written("{criterion: \(name), images: 512}")
          == """
          {"below":0.0,"criterion":"\(name)","images":512,"initialSparsity":0.0,"minimum":1,"of":"channels",\
          "roundTo":1,"schedule":"once","scope":"global","share":0.5,"sparsity":0.5,"times":10}
          """)
    }
    let amount = """
      {"initialSparsity":0.0,"schedule":"once","scope":"global","share":0.5,"sparsity":0.8,"times":10
      """
    #expect(RandomPruning().node.canonicalJSON == amount + "}")
    let magnitude = amount.replacingOccurrences(of: "\"times\"", with: "\"threshold\":null,\"times\"")
    #expect(MagnitudePruning().node.canonicalJSON == magnitude + "}")
  }

  @Test("A criterion is a name, or a name with settings; one that cannot score the units is refused")
  func settings() throws {
    func read(_ yaml: String) throws -> WeightPruning {
      try WeightPruning(from: SettingsNode(yaml: yaml, source: "test.yaml"), owner: "weight-pruning")
    }
    #expect(try read("{criterion: taylor}").node["criterion"] == "taylor".node)
    let set = try read("{criterion: {taylor: {images: 2048}}, unit: {block: {outputs: 8}}}")
    let taylor = try #require(set.criterion as? TaylorExpansion)
    #expect(taylor.images == 2048 && taylor.change == .squared && set.evidence == [.gradients])
    #expect((set.unit as? Blocks)?.outputs == 8)
    let again = try WeightPruning(from: set.node, owner: "weight-pruning")
    #expect(again.node.canonicalJSON == set.node.canonicalJSON)
    #expect((again.criterion as? TaylorExpansion)?.images == 2048)
    let wrong = errorMessage { _ = try read("{criterion: norm-scale}") }
    #expect(wrong.contains("norm-scale") && wrong.contains("snip, fisher, obd, obs, movement, random"))
    #expect(errorMessage { _ = try read("{criterion: tailor}") }.contains("did you mean \"taylor\"?"))
    #expect(errorMessage { _ = try read("{criterion: {taylor: {image: 3}}}") }.contains("\"images\""))
    #expect(errorMessage { _ = try read("{criterion: {random: {among: l1}}}") }.contains("leaves units out"))
  }

  @Test("Layers may have criteria of their own; each is ranked among its like")
  func overrides() throws {
    let network = try SmoothNetwork(seed: 23, images: 8, batch: 4)
    let method = WeightPruning(sparsity: 0.5, criterion: Magnitude())
    let own = WeightPruning(sparsity: 0.5, criterion: FisherInformation())
    var compression = Compression(
      method, graph: network.graph, evidence: criterionContext(network).evidence, overrides: ["logits": own])
    let pruned = try method.compress(&compression).graph
    for (name, count) in [("hidden.weight", 10), ("logits.weight", 8)] {
      #expect(try #require(pruned.parameters[name]).survivors.count { !$0 } == count)
    }
    var context = criterionContext(network)
    let scores = try FisherInformation().scores(of: [weightSets(network.graph)[1]], &context)[0]
    let best = Set(scores.indices.sorted { scores[$0] > scores[$1] }.prefix(7))
    #expect(
      try #require(pruned.parameters["logits.weight"]).survivors == scores.indices.map(best.contains))
  }

  @Test("Names are words with hyphens, and different; documents and settings say something")
  func documented() throws {
    let names = SaliencyCatalogue.all.map { $0.name }
    #expect(Set(names).count == names.count && Set(names).isDisjoint(with: MethodCatalogue.names))
    for type in SaliencyCatalogue.all {
      #expect(type.name.allSatisfy { $0.isLowercase || $0.isNumber || $0 == "-" })
      let documentation = type.documentation
      #expect(documentation.summary.count > 20 && documentation.summary.count < 90)
      #expect(documentation.description.count > 100 && documentation.formula.count > 10)
      #expect(documentation.paper.contains { $0.isNumber })
      #expect(!type.kinds.isEmpty)
      #expect(settingSummaries(type).allSatisfy { $0.count > 5 })
    }
  }

  private func settingSummaries<C: Saliency>(_ type: C.Type) -> [String] { type.settings.map(\.summary) }

  @Test("A criterion that says it leaves units out does, and no other", arguments: SmallGraph.allCases)
  func selective(network: SmallGraph) throws {
    let graph = try network.graph()
    let channels = graph.channelGroups().map { UnitSet($0, in: graph) }
    for type in SaliencyCatalogue.all where !type.isSelective {
      #expect((channels + weightSets(graph)).allSatisfy { type.init().obstacle(to: $0) == nil })
    }
  }
}
