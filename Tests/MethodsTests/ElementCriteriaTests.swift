import Execution
import Graphs
import Ops
import Tasks
import Tensors
import TestSupport
import Testing

@testable import Methods

@Suite("Criteria of weights by curvature, connections and neighbours")
struct ElementCriteriaTests {
  // MARK: Taylor, SNIP, OBD

  @Test("Second-order scores are those of the exact gradients and Hessian, jointly over blocks")
  func secondOrder() throws {
    let network = try SmoothNetwork(seed: 31, images: 8, batch: 4)
    let (w, hessian) = (network.weights, network.hessian)
    let curvature = w.indices.map { i in
      w[i] * zip(hessian[i], w).reduce(0) { $0 + $1.0 * $1.1 } / 2
    }
    let gradients = network.batches.map { batch in
      let all = batch.map(network.gradient)
      return w.indices.map { i in all.reduce(0) { $0 + $1[i] } / Double(batch.count) }
    }
    func score(_ unit: [Int]) -> Double {
      gradients.reduce(0) { sum, gradient in
        let change = unit.reduce(0) { $0 + gradient[$1] * w[$1] - curvature[$1] }
        return sum + change * change / Double(gradients.count)
      }
    }
    var context = criterionContext(network)
    let found = try SecondOrderTaylor().scores(of: weightSets(network.graph), &context).flatMap(\.self)
    expectNear(found, SmoothNetwork.prunable.map { score([$0]) }, 5e-3)
    var block = Blocks()
    (block.outputs, block.inputs) = (2, 2)
    let blocks = try SecondOrderTaylor().scores(of: weightSets(network.graph, block), &context)
    expectNear([blocks[0][3]], [score([10, 11, 14, 15])], 5e-3)
    // The curvature must matter here, or the test would show nothing.
    let first = try TaylorExpansion().scores(of: weightSets(network.graph), &context).flatMap(\.self)
    #expect(zip(found, first).contains { abs($0 - $1) > 0.05 * (found.max() ?? 0) })
  }

  @Test("Connection sensitivities are shares of the summed derivatives' sizes")
  func sensitivity() throws {
    let network = try SmoothNetwork(seed: 33, images: 8, batch: 4)
    let w = network.weights
    // Batches have equal size, so their mean gradient is that of all images.
    let gradients = network.images.map(network.gradient)
    let sizes = SmoothNetwork.prunable.map { i in abs(gradients.reduce(0) { $0 + $1[i] } * w[i]) }
    var context = criterionContext(network)
    let found = try ConnectionSensitivity().scores(of: weightSets(network.graph), &context).flatMap(\.self)
    expectNear(found, sizes.map { $0 / sizes.reduce(0, +) }, 1e-4)
    #expect(abs(found.reduce(0, +) - 1) < 1e-9)
  }

  @Test("Curvatures are means of the exact Hessian's products with the probes, and tend to its diagonal")
  func damage() throws {
    let network = try SmoothNetwork(seed: 34, images: 8, batch: 4)
    let (w, hessian) = (network.weights, network.hessian)
    var criterion = HessianDiagonal()
    criterion.probes = 3
    var stream = SeededRandom(seed: 5, purpose: "criterion")
    var diagonal = Array(repeating: 0.0, count: w.count)
    for _ in 0..<3 {
      var probe = Array(repeating: 0.0, count: w.count)
      for i in SmoothNetwork.prunable { probe[i] = stream.uniform() < 0.5 ? -1 : 1 }
      for i in SmoothNetwork.prunable {
        diagonal[i] += probe[i] * zip(hessian[i], probe).reduce(0) { $0 + $1.0 * $1.1 } / 3
      }
    }
    var exact = criterionContext(network, seed: 5)
    let found = try criterion.scores(of: weightSets(network.graph), &exact).flatMap(\.self)
    expectNear(found, SmoothNetwork.prunable.map { diagonal[$0] * w[$0] * w[$0] / 2 }, 5e-3)
    // A probe's estimate of h_i has the variance Σ h_ij² over j ≠ i; n probes divide it by n.
    criterion.probes = 400
    var many = criterionContext(network, seed: 6)
    let scores = try criterion.scores(of: weightSets(network.graph), &many).flatMap(\.self)
    for (score, i) in zip(scores, SmoothNetwork.prunable) {
      let others = SmoothNetwork.prunable.filter { $0 != i }.reduce(0) {
        $0 + hessian[i][$1] * hessian[i][$1]
      }
      let error = (others / 400).squareRoot()
      #expect(abs(score - hessian[i][i] * w[i] * w[i] / 2) <= 5 * error * w[i] * w[i] / 2 + 1e-4)
    }
  }

  // MARK: OBS

  /// The inverse of a block by the recursion of Hassibi and Stork over images.
  private func inverse(_ gradients: [[Double]], _ block: [Int], damping: Double) -> [[Double]] {
    var inverse = block.indices.map { i in block.indices.map { i == $0 ? 1 / damping : 0 } }
    for gradient in gradients {
      let x = block.map { gradient[$0] }
      let product = inverse.map { row in zip(row, x).reduce(0) { $0 + $1.0 * $1.1 } }
      let scale = Double(gradients.count) + zip(product, x).reduce(0) { $0 + $1.0 * $1.1 }
      for i in block.indices { for j in block.indices { inverse[i][j] -= product[i] * product[j] / scale } }
    }
    return inverse
  }

  /// The blocks of seven consecutive weights in the two tensors.
  private let blocks = [
    Array(0..<7), Array(7..<14), Array(14..<20), Array(35..<42), Array(42..<49), [49],
  ]

  private func surgeon() -> BrainSurgeon {
    var criterion = BrainSurgeon()
    (criterion.block, criterion.damping) = (7, 1e-3)
    return criterion
  }

  @Test("Surgery's scores are w²/2[F⁻¹]qq with the inverse of each block by recursion over images")
  func surgery() throws {
    let network = try SmoothNetwork(seed: 35, images: 8, batch: 4)
    let w = network.weights
    let gradients = network.images.map(network.gradient)
    let truth = blocks.flatMap { block in
      let inverse = inverse(gradients, block, damping: 1e-3)
      return block.indices.map { w[block[$0]] * w[block[$0]] / (2 * inverse[$0][$0]) }
    }
    var context = criterionContext(network)
    let found = try surgeon().scores(of: weightSets(network.graph), &context).flatMap(\.self)
    expectNear(found, truth, 1e-3)
  }

  /// The damped Fisher information of some weights.
  private func fisher(_ gradients: [[Double]], _ block: [Int]) -> [[Double]] {
    block.map { i in
      block.map { j in
        gradients.reduce(0) { $0 + $1[i] * $1[j] } / Double(gradients.count) + (i == j ? 1e-3 : 0)
      }
    }
  }

  @Test("Of weights that go, those that stay in a block make up jointly, and the rise is what the score says")
  func surgeryCompensates() throws {
    let network = try SmoothNetwork(seed: 36, images: 8, batch: 4)
    let w = network.weights
    let gradients = network.images.map(network.gradient)
    let all = weightSets(network.graph)
    var gone = Array(repeating: false, count: 20)
    for place in [1, 2, 5, 8, 15] { gone[place] = true }
    var context = criterionContext(network)
    let moved = try surgeon().compensation(
      for: [(all[0], gone), (all[1], Array(repeating: false, count: 15))], &context)
    #expect(Array(moved.keys) == ["hidden.weight"])
    let after = try #require(moved["hidden.weight"]).values.map(Double.init)
    for block in blocks[..<3] {
      let change = block.map { after[$0] - w[$0] }
      let information = fisher(gradients, block)
      let pull = information.map { row in zip(row, change).reduce(0) { $0 + $1.0 * $1.1 } }
      let scale = pull.map(abs).max() ?? 0
      for (place, element) in block.enumerated() {
        // At the least rise of the loss, surviving weights have no slope, and removed ones are zero.
        if gone[element] { #expect(after[element] == 0) } else { #expect(abs(pull[place]) <= 1e-3 * scale) }
      }
    }
    // In kernels of one column and two rows, the weights of a block go together, and blocks add up.
    var pairs = Blocks()
    (pairs.outputs, pairs.inputs) = (1, 2)
    let scores = try surgeon().scores(of: weightSets(network.graph, pairs), &context)[0]
    for unit in [0, 3] {
      let places = [unit * 2, unit * 2 + 1]
      let rise = blocks[..<3].reduce(0.0) { sum, block in
        let own = places.filter(block.contains)
        guard !own.isEmpty else { return sum }
        var single = Array(repeating: false, count: 20)
        for place in own { single[place] = true }
        guard
          let tensor = try? surgeon().compensation(for: [(all[0], single)], &context)["hidden.weight"]
        else { return .nan }
        let change = block.map { Double(tensor.values[$0]) - w[$0] }
        let information = fisher(gradients, block)
        let pull = information.map { row in zip(row, change).reduce(0) { $0 + $1.0 * $1.1 } }
        return sum + zip(pull, change).reduce(0) { $0 + $1.0 * $1.1 } / 2
      }
      #expect(abs(scores[unit] - rise) <= 2e-3 * rise)
    }
  }

  @Test("Weights that were pruned before stay zero and make up for nothing")
  func surgeryKeepsMasks() throws {
    let network = try SmoothNetwork(seed: 37, images: 8, batch: 4)
    var graph = network.graph
    var survivors = Array(repeating: true, count: 20)
    for place in [0, 3, 4] { survivors[place] = false }
    graph.parameters["hidden.weight"] = graph.parameters["hidden.weight"]?.masked(by: survivors)
    let evidence = PlanEvidence(
      graph, task: Classification(), backend: ReferenceBackend(),
      source: PatternSource(graph, images: 8, batch: 4), batch: 4)
    let method = WeightPruning(sparsity: 0.5, criterion: surgeon(), scope: .layer)
    var compression = Compression(method, graph: graph, evidence: evidence)
    let pruned = try #require(try method.compress(&compression).graph.parameters["hidden.weight"])
    #expect(pruned.survivors.count { !$0 } == 10)
    for place in survivors.indices where !survivors[place] {
      #expect(!pruned.survivors[place] && pruned.value.values[place] == 0)
    }
    let before = try #require(graph.parameters["hidden.weight"]).value.values
    #expect(
      pruned.survivors.indices.contains { pruned.survivors[$0] && pruned.value.values[$0] != before[$0] })
  }

  // MARK: Lookahead

  /// The matrix of a network without activations: the outputs for unit vectors minus those for zero.
  private func jacobian(_ graph: Graph, inputs: Int) throws -> [Double] {
    var images = Array(repeating: Float(0), count: inputs * (inputs + 1))
    for i in 0..<inputs { images[i * inputs + i] = 1 }
    let plan = try ReferenceBackend().compile(graph, PlanOptions(batch: inputs + 1, mode: .inference))
    plan.forward(images.span, key: 0)
    let tap = try plan.tap(graph.outputs[0])
    var values = Array(repeating: Float(0), count: tap.count)
    var span = values.mutableSpan
    plan.readTap(tap, into: &span)
    let outputs = values.count / (inputs + 1)
    return (0..<inputs * outputs).map {
      Double(values[$0]) - Double(values[inputs * outputs + $0 % outputs])
    }
  }

  @Test("Lookahead is how far the product of three layers' matrices moves without the weight")
  func lookahead() throws {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [4])])
    try graph.append(Linear(features: 5), name: "first", inputs: ["image"])
    try graph.append(BatchNorm(), name: "norm1", inputs: ["first"])
    try graph.append(Linear(features: 6), name: "second", inputs: ["norm1"])
    try graph.append(BatchNorm(), name: "norm2", inputs: ["second"])
    try graph.append(Linear(features: 3), name: "logits", inputs: ["norm2"])
    graph.outputs = ["logits"]
    graph.scatterParameters(seed: 9)
    var context = SaliencyContext(graph: graph)
    let scores = try Lookahead().scores(of: weightSets(graph), &context)
    let whole = try jacobian(graph, inputs: 4)
    for element in [0, 7, 13, 29] {
      var without = graph
      without.parameters["second.weight"]?.value.values[element] = 0
      let change = zip(try jacobian(without, inputs: 4), whole).reduce(0) {
        $0 + ($1.0 - $1.1) * ($1.0 - $1.1)
      }
      #expect(abs(scores[1][element] - change.squareRoot()) <= 1e-5 * (scores[1].max() ?? 0))
    }
    // The first layer has one neighbour, the second, so the network up to the second layer counts.
    var start = Graph(inputs: graph.inputs)
    for node in graph.nodes.prefix(3) { try start.append(node.op, name: node.name, inputs: node.inputs) }
    start.outputs = ["second"]
    let names = Set(start.nodes.flatMap { start.slots(of: $0).map(\.name) })
    start.parameters = graph.parameters.filter { names.contains($0.key) }
    let two = try jacobian(start, inputs: 4)
    var without = start
    without.parameters["first.weight"]?.value.values[6] = 0
    var change = zip(try jacobian(without, inputs: 4), two).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    // The readers of the first layer do not pass through the second's norm, so the factor is the second
    // layer's alone.
    #expect(abs(scores[0][6] - change.squareRoot()) <= 1e-5 * (scores[0].max() ?? 0))
    // A block's score is the norm over its weights.
    var block = Blocks()
    (block.outputs, block.inputs) = (2, 2)
    let blocks = try Lookahead().scores(of: weightSets(graph, block), &context)
    change = [0, 1, 4, 5].reduce(0) { $0 + scores[0][$1] * scores[0][$1] }
    #expect(abs(blocks[0][0] - change.squareRoot()) < 1e-9)
  }

  @Test(
    "Lookahead goes through norms, sums, shuffles, depthwise layers and flattening",
    arguments: SmallGraph.allCases)
  func lookaheadPaths(network: SmallGraph) throws {
    let graph = try network.graph()
    var context = SaliencyContext(graph: graph)
    let scores = try Lookahead().scores(of: weightSets(graph), &context)
    #expect(scores.allSatisfy { $0.allSatisfy { $0.isFinite && $0 > 0 } })
  }

  @Test("In a convolution the neighbours' norms are those of filters and of what reads all their places")
  func lookaheadOfConvolutions() throws {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [2, 5, 5])])
    try graph.append(Conv2D(filters: 3, kernel: 3, padding: 1), name: "a", inputs: ["image"])
    try graph.append(BatchNorm(), name: "norm", inputs: ["a"])
    try graph.append(ReLU(), name: "relu", inputs: ["norm"])
    try graph.append(Conv2D(filters: 3, kernel: 3, padding: 1), name: "b", inputs: ["relu"])
    try graph.append(Add(), name: "sum", inputs: ["relu", "b"])
    try graph.append(Conv2D(filters: 4, kernel: 3), name: "c", inputs: ["sum"])
    try graph.append(Flatten(), name: "flat", inputs: ["c"])
    try graph.append(Linear(features: 2), name: "logits", inputs: ["flat"])
    graph.outputs = ["logits"]
    graph.scatterParameters(seed: 10)
    var context = SaliencyContext(graph: graph)
    let scores = try Lookahead().scores(of: weightSets(graph), &context)
    func values(_ name: String) throws -> [Double] {
      try #require(graph.parameters[name]).value.values.map(Double.init)
    }
    func squares(_ list: ArraySlice<Double>) -> Double { list.reduce(0) { $0 + $1 * $1 } }
    let (a, b, c, logits) = (
      try values("a.weight"), try values("b.weight"), try values("c.weight"), try values("logits.weight")
    )
    let (scale, variance) = (try values("norm.scale"), try values("norm.variance"))
    let (channel, filter, place) = (1, 2, 4)
    let factor = scale[channel] * scale[channel] / (variance[channel] + Double(Float(1e-5)))
    let made = squares(a[channel * 18..<(channel + 1) * 18]) * factor
    // A channel after the sum is made by both branches.
    let both = made + squares(b[channel * 27..<(channel + 1) * 27])
    let read = (0..<2).reduce(0) { $0 + squares(logits[$1 * 36 + filter * 9..<$1 * 36 + (filter + 1) * 9]) }
    let element = (filter * 3 + channel) * 9 + place
    let truth = abs(c[element]) * (both * read).squareRoot()
    #expect(abs(scores[2][element] - truth) <= 1e-6 * truth)
    // The first filter's channel is read by b and, through the sum, by c.
    let readers =
      factor
      * [b, c].reduce(0) { sum, weight in
        sum
          + stride(from: channel * 9, to: weight.count, by: 27).reduce(0) {
            $0 + squares(weight[$1..<$1 + 9])
          }
      }
    let first = abs(a[channel * 18 + 3]) * readers.squareRoot()
    #expect(abs(scores[0][channel * 18 + 3] - first) <= 1e-6 * first)
  }
}
