import Datasets
import Execution
import Foundation
import Graphs
import LinearAlgebra
import Ops
import Tasks
import Tensors
import TestSupport
import Testing

@testable import Methods

@Suite("Criteria of channels")
struct StructureCriteriaTests {
  private func evidence(_ graph: Graph, images: Int = 8) -> PlanEvidence {
    PlanEvidence(
      graph, task: Classification(), backend: ReferenceBackend(),
      source: PatternSource(graph, images: images, batch: 4), batch: 4)
  }

  private func context(_ graph: Graph, images: Int = 8) -> SaliencyContext {
    SaliencyContext(graph: graph, evidence: evidence(graph, images: images), images: images)
  }

  private func sets(_ graph: Graph) -> [UnitSet] { graph.channelGroups().map { UnitSet($0, in: graph) } }

  /// The values of a network for the images of its evidence.
  private func values(_ graph: Graph, images: Int = 8) throws -> [String: [Float]] {
    var all: [String: [Float]] = [:]
    let source = PatternSource(graph, images: images, batch: 4)
    source.startEpoch(0, fromStep: 0)
    while let batch = try source.next() {
      let pixels = graph.inputs[0].shape.count * batch.count
      let tensor = Tensor(
        Array(batch.images[0..<pixels]), shape: Shape([batch.count] + graph.inputs[0].shape.dimensions))
      for (name, value) in try ReferenceValues(graph, tensor).values {
        all[name, default: []] += value.values
      }
    }
    return all
  }

  /// The cross-entropy of each image by its definition.
  private func losses(_ graph: Graph, images: Int = 8) throws -> [Double] {
    let classes = graph.shape(of: graph.outputs[0])?[1] ?? 0
    let logits = try #require(try values(graph, images: images)[graph.outputs[0]])
    var labels: [Int] = []
    let source = PatternSource(graph, images: images, batch: 4)
    source.startEpoch(0, fromStep: 0)
    while let batch = try source.next() {
      labels += (0..<batch.count).map { batch.annotations[$0].label ?? 0 }
    }
    return labels.enumerated().map { image, label in
      let row = logits[image * classes..<(image + 1) * classes].map(Double.init)
      return log(row.reduce(0) { $0 + exp($1) }) - row[label]
    }
  }

  // MARK: Gates and activations

  /// The network with one multiplied channel factor behind each of some values.
  private func gated(_ graph: Graph, behind values: [String: [Int]], by factor: Float) throws -> Graph {
    var gated = Graph(inputs: graph.inputs)
    func name(_ value: String) -> String { values[value] == nil ? value : value + " gate" }
    for node in graph.nodes {
      try gated.append(node.op, name: node.name, inputs: node.inputs.map(name))
      guard let channels = values[node.name], let shape = graph.shape(of: node.name) else { continue }
      let gate = Conv2D(filters: shape[1], kernel: 1, groups: shape[1], bias: false)
      try gated.append(gate, name: name(node.name), inputs: [node.name])
      var factors = Tensor(repeating: 1, shape: [shape[1], 1, 1, 1])
      for channel in channels { factors.values[channel] = factor }
      gated.parameters["\(name(node.name)).weight"] = Parameter(factors)
    }
    gated.outputs = graph.outputs
    gated.parameters.merge(graph.parameters) { $1 }
    return gated
  }

  @Test(
    "A gate's derivative is the slope of the loss by a factor behind the last norm of each path",
    arguments: [
      (SmallGraph.residual, "a2", ["stem.norm", "a2"]), (.residual, "b1", ["b1.norm"]),
      (.separable, "stem", ["depth.norm"]), (.separable, "narrow", ["narrow.norm"]),
      (.fire, "relu", ["conv"]),
    ])
  func gates(network: SmallGraph, value: String, gates: [String]) throws {
    let graph = try network.graph()
    let group = try #require(graph.channelGroups().first { $0.values.contains(value) })
    let set = UnitSet(group, in: graph)
    #expect(Set(set.values(.gating)) == Set(gates))
    var context = context(graph)
    let scores = try GateDerivative().scores(of: [set], &context)[0]
    // The step is small, because rectifiers that change sides within it add an error that grows with it.
    let step: Float = 1.0 / 4096
    let truth = try group.units.map { unit in
      let behind = unit.channels.filter { gates.contains($0.key) }
      let up = try losses(gated(graph, behind: behind, by: 1 + step))
      let down = try losses(gated(graph, behind: behind, by: 1 - step))
      let slopes = zip(up, down).map { ($0 - $1) / (2 * Double(step)) }
      let batches = [slopes[..<4], slopes[4...]].map { $0.reduce(0, +) / 4 }
      return batches.reduce(0) { $0 + $1 * $1 } / 2
    }
    expectNear(scores, truth, 2e-2)
  }

  @Test("Behind a rectifier the gate and what reads the channel say the same")
  func gateIsTaylor() throws {
    let graph = try SmallGraph.residual.graph()
    let set = try #require(sets(graph).first { $0.values(.gating) == ["b1.norm"] })
    var context = context(graph)
    let taylor = try TaylorExpansion().scores(of: [set], &context)[0]
    expectNear(try GateDerivative().scores(of: [set], &context)[0], taylor, 1e-4)
  }

  @Test("Activation scores are the images' mean absolute slopes by fading, over the layer's norm")
  func activationTaylor() throws {
    let graph = try SmallGraph.lenet.graph()
    let groups = graph.channelGroups()
    var context = context(graph)
    let scores = try ActivationTaylor().scores(of: sets(graph), &context)
    for (group, scores) in zip(groups, scores) {
      let slopes = try group.units.map { unit in
        let step = 1.0 / 512
        let up = try losses(graph.attenuating(unit, by: step))
        let down = try losses(graph.attenuating(unit, by: -step))
        return zip(up, down).reduce(0) { $0 + abs($1.0 - $1.1) / (2 * step) } / 8
      }
      let norm = slopes.reduce(0) { $0 + $1 * $1 }.squareRoot()
      expectNear(scores, slopes.map { $0 / norm }, 2e-2)
    }
  }

  @Test(
    "Statistics of activations are those of the values that the next layers read",
    arguments: [ActivationStatistic.Statistic.mean, .nonZero, .deviation])
  func statistics(statistic: ActivationStatistic.Statistic) throws {
    for network in [SmallGraph.lenet, .residual] {
      let graph = try network.graph()
      let values = try values(graph)
      var criterion = ActivationStatistic()
      criterion.statistic = statistic
      var context = context(graph)
      for group in graph.channelGroups() {
        let set = UnitSet(group, in: graph)
        let found = try criterion.scores(of: [set], &context)[0]
        let truth = group.units.map { unit in
          var numbers: [Double] = []
          for (value, channels) in unit.channels
          where Set(ChannelReader.all(of: graph).map(\.value)).contains(value) {
            let shape = graph.shape(of: value) ?? []
            for (index, number) in (values[value] ?? []).enumerated()
            where channels.contains(index / shape.spatialCount % shape[1]) {
              numbers.append(Double(number))
            }
          }
          let count = Double(numbers.count)
          let mean = numbers.reduce(0, +) / count
          switch statistic {
          case .mean: return numbers.reduce(0) { $0 + abs($1) } / count
          case .nonZero: return Double(numbers.count { $0 != 0 }) / count
          case .deviation: return (numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count).squareRoot()
          }
        }
        expectNear(found, truth, 1e-5)
      }
    }
  }

  // MARK: Geometric median and merging

  @Test("The geometric median's score is the sum of distances of all that makes a channel")
  func geometricMedian() throws {
    let graph = try SmallGraph.residual.graph()
    let group = try #require(graph.channelGroups().first { $0.values.contains("a2") })
    var context = context(graph)
    let found = try GeometricMedian().scores(of: [UnitSet(group, in: graph)], &context)[0]
    let filters = try ["stem.conv", "a2.conv"].map { name in
      let weight = try #require(graph.parameters["\(name).weight"]).value
      let size = weight.values.count / 4
      return (0..<4).map { Array(weight.values[$0 * size..<($0 + 1) * size]) }
    }
    let truth = (0..<4).map { i in
      (0..<4).reduce(0) { sum, j in
        sum
          + (squaredDistance(filters[0][i], filters[0][j]) + squaredDistance(filters[1][i], filters[1][j]))
          .squareRoot()
      }
    }
    expectNear(found, truth, 1e-6)
  }

  /// A classifier with one hidden layer.
  private func perceptron() throws -> Graph {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [3])])
    try graph.append(Linear(features: 5), name: "hidden", inputs: ["image"])
    try graph.append(ReLU(), name: "relu", inputs: ["hidden"])
    try graph.append(Linear(features: 4), name: "logits", inputs: ["relu"])
    graph.outputs = ["logits"]
    graph.scatterParameters(seed: 12)
    return graph
  }

  @Test(
    "The first merge is the pair with the least mean a²·|W - W'|², biases included, and each later one likewise"
  )
  func mergeOrder() throws {
    let graph = try perceptron()
    func values(_ name: String) throws -> [Double] {
      try #require(graph.parameters[name]).value.values.map(Double.init)
    }
    let (hidden, bias) = (try values("hidden.weight"), try values("hidden.bias"))
    let logits = try values("logits.weight")
    let rows = (0..<5).map { Array(hidden[$0 * 3..<($0 + 1) * 3]) + [bias[$0]] }
    var readers = (0..<5).map { unit in (0..<4).map { logits[$0 * 5 + unit] } }
    func loss(_ gone: Int, _ twin: Int) -> Double {
      let distance = zip(rows[gone], rows[twin]).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
      return distance * readers[gone].reduce(0) { $0 + $1 * $1 } / 4
    }
    var context = context(graph)
    let scores = try NeuronMerging().scores(of: sets(graph), &context)[0]
    var left = Array(0..<5)
    var last = 0.0
    while left.count > 1 {
      let pairs = left.flatMap { gone in left.filter { $0 != gone }.map { (gone, $0) } }
      let pair = try #require(pairs.min { loss($0.0, $0.1) < loss($1.0, $1.1) })
      last = max(last, loss(pair.0, pair.1))
      #expect(abs(scores[pair.0] - last) <= 1e-6 * last)
      #expect(scores.indices.filter { scores[$0] < scores[pair.0] }.allSatisfy { !left.contains($0) })
      readers[pair.1] = zip(readers[pair.1], readers[pair.0]).map { $0 + $1 }
      left.removeAll { $0 == pair.0 }
    }
    #expect(scores[left[0]] == scores.max())
  }

  @Test(
    "Twins merge without any loss, whatever stands between, and one of each pair stays",
    arguments: [1, 2] as [UInt64])
  func mergesTwins(seed: UInt64) throws {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [2, 6, 6])])
    try graph.append(Conv2D(filters: 6, kernel: 3, bias: false), name: "conv", inputs: ["image"])
    try graph.append(BatchNorm(), name: "norm", inputs: ["conv"])
    try graph.append(ReLU(), name: "relu", inputs: ["norm"])
    try graph.append(Conv2D(filters: 6, kernel: 3, padding: 1, groups: 6), name: "depth", inputs: ["relu"])
    try graph.append(Flatten(), name: "flat", inputs: ["depth"])
    try graph.append(Linear(features: 3), name: "logits", inputs: ["flat"])
    graph.outputs = ["logits"]
    graph.scatterParameters(seed: seed)
    // Channels 4 and 1 are equal after their norms, which compensate for filters of different size; channel 5
    // copies 0.
    func copy(_ name: String, _ from: Int, to: Int, factor: Float = 1) throws {
      var tensor = try #require(graph.parameters[name]).value
      let size = tensor.values.count / 6
      for i in 0..<size { tensor.values[to * size + i] = factor * tensor.values[from * size + i] }
      graph.parameters[name] = Parameter(tensor)
    }
    for name in ["norm.scale", "norm.shift", "norm.mean", "norm.variance", "depth.weight", "depth.bias"] {
      try copy(name, 1, to: 4)
      try copy(name, 0, to: 5)
    }
    try copy("conv.weight", 0, to: 5)
    try copy("conv.weight", 1, to: 4, factor: 2)
    try copy("norm.mean", 1, to: 4, factor: 2)
    try copy("norm.scale", 1, to: 4, factor: 0.5)
    let method = ChannelPruning(sparsity: 0.34, criterion: NeuronMerging())
    let rewrite = try compressed(graph, by: method)
    let kept = try #require(rewrite.origin["conv.weight"]?.kept[0])
    #expect(kept.count == 4 && Set(kept).isSuperset(of: [2, 3]))
    #expect(kept.contains(0) != kept.contains(5) && kept.contains(1) != kept.contains(4))
    let (truth, found) = (try graph.output("logits"), try rewrite.graph.output("logits"))
    #expect(relativeDistance(truth, found) < 1e-5)
    let other = try compressed(graph, by: ChannelPruning(sparsity: 0.34)).graph.output("logits")
    #expect(relativeDistance(truth, other) > 1e-3)
  }

  // MARK: Relevance and NISP

  /// A network with two hidden layers.
  private func deep(_ activation: any Op = ReLU()) throws -> Graph {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [4])])
    try graph.append(Linear(features: 6), name: "a", inputs: ["image"])
    try graph.append(activation, name: "act1", inputs: ["a"])
    try graph.append(Linear(features: 5), name: "b", inputs: ["act1"])
    try graph.append(BatchNorm(), name: "norm", inputs: ["b"])
    try graph.append(activation, name: "act2", inputs: ["norm"])
    try graph.append(Linear(features: 3), name: "logits", inputs: ["act2"])
    graph.outputs = ["logits"]
    graph.scatterParameters(seed: 14)
    return graph
  }

  private func matrix(_ graph: Graph, _ name: String) throws -> [[Double]] {
    let tensor = try #require(graph.parameters[name]).value
    let columns = tensor.shape[1]
    return (0..<tensor.shape[0]).map { row in
      tensor.values[row * columns..<(row + 1) * columns].map(Double.init)
    }
  }

  /// The matrix of the second layer with its norm folded in.
  private func folded(_ graph: Graph) throws -> [[Double]] {
    func values(_ name: String) throws -> [Double] {
      try #require(graph.parameters["norm.\(name)"]).value.values.map(Double.init)
    }
    let (scale, variance) = (try values("scale"), try values("variance"))
    return try matrix(graph, "b.weight").enumerated().map { row, weights in
      weights.map { $0 * scale[row] / (variance[row] + Double(Float(1e-5))).squareRoot() }
    }
  }

  @Test(
    "Relevance goes back by the z+ rule, of negative values by negative weights", arguments: [true, false])
  func relevance(rectified: Bool) throws {
    let graph = try deep(rectified ? ReLU() : Tanh())
    let values = try values(graph)
    func back(_ relevance: [Double], _ weights: [[Double]], _ a: [Double]) -> [Double] {
      var result = a.map { _ in 0.0 }
      for (row, relevance) in zip(weights, relevance) where relevance > 0 {
        let terms = zip(row, a).map { max($0 * $1, 0) }
        let sum = terms.reduce(0, +)
        if sum > 0 { for i in a.indices { result[i] += terms[i] / sum * relevance } }
      }
      return result
    }
    var truth = (Array(repeating: 0.0, count: 6), Array(repeating: 0.0, count: 5))
    for image in 0..<8 {
      func row(_ name: String, _ count: Int) throws -> [Double] {
        try #require(values[name])[image * count..<(image + 1) * count].map(Double.init)
      }
      let logits = try row("logits", 3)
      let start = logits.map { $0 == logits.max() ? 1.0 : 0 }
      let second = back(start, try matrix(graph, "logits.weight"), try row("act2", 5))
      let first = back(second, try folded(graph), try row("act1", 6))
      for i in 0..<5 { truth.1[i] += second[i] / 8 }
      for i in 0..<6 { truth.0[i] += first[i] / 8 }
    }
    var criterion = Relevance()
    criterion.images = 8
    var context = context(graph)
    let found = try criterion.scores(of: sets(graph), &context)
    expectNear(found[0], truth.0, 1e-5)
    expectNear(found[1], truth.1, 1e-5)
    // Five images need a batch and one image of the next.
    criterion.images = 5
    #expect(try criterion.scores(of: sets(graph), &context)[1] != found[1])
  }

  @Test("No relevance is lost or made on the way through convolutions, pools, sums and concatenations")
  func relevanceIsKept() throws {
    var criterion = Relevance()
    criterion.images = 4
    // Sets of groups that every path to the output passes through.
    for (network, cuts) in [
      (SmallGraph.lenet, [["conv1"], ["conv2"], ["hidden"]]),
      (.fire, [["conv"], ["squeeze"], ["expand1", "expand3"]]),
      (.residual, [["b2.conv"]]),
    ] {
      var graph = try network.graph()
      // Without biases, all relevance of an output comes from channels.
      for (name, parameter) in graph.parameters where name.hasSuffix(".bias") {
        graph.parameters[name] = Parameter(Tensor(zeros: parameter.value.shape))
      }
      var context = context(graph, images: 4)
      let groups = graph.channelGroups()
      let scores = try criterion.scores(of: groups.map { UnitSet($0, in: graph) }, &context)
      for cut in cuts {
        let sum = zip(groups, scores).reduce(0) { sum, pair in
          cut.contains { pair.0.values.contains($0) } ? sum + pair.1.reduce(0, +) : sum
        }
        #expect(abs(sum - 1) < 1e-4, "\(network) \(cut): \(sum)")
      }
    }
  }

  /// Infinite feature selection by the inverse of a matrix.
  private func features(_ columns: [[Double]], spread: Double) throws -> [Double] {
    let count = columns.count
    func standard(_ values: [Double]) -> (values: [Double], deviation: Double) {
      let mean = values.reduce(0, +) / Double(values.count)
      let deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count))
        .squareRoot()
      return (values.map { deviation > 0 ? ($0 - mean) / deviation : 0 }, deviation)
    }
    let deviations = columns.map { standard($0).deviation }
    let ranks = columns.map { column in
      standard(
        column.map { value in
          Double(column.count { $0 < value }) + Double(column.count { $0 == value } - 1) / 2
        }
      ).values
    }
    var a = Tensor(zeros: [count, count])
    for i in 0..<count {
      for j in 0..<count {
        let correlation = zip(ranks[i], ranks[j]).reduce(0) { $0 + $1.0 * $1.1 } / Double(columns[0].count)
        let deviation = max(deviations[i], deviations[j]) / (deviations.max() ?? 1)
        a.values[i * count + j] = Float(spread * deviation + (1 - spread) * (1 - abs(correlation)))
      }
    }
    let radius = try a.eigen().values[0]
    var system = Tensor(a.values.map { $0 * Float(-0.9 / radius) }, shape: a.shape)
    for i in 0..<count { system.values[i * count + i] += 1 }
    let solution = try system.leastSquares(Tensor(repeating: 1, shape: [count, 1])).solution
    return solution.values.map { Double($0) - 1 }
  }

  @Test(
    "Responses' importance is that of infinite feature selection, sent back by absolute weights",
    arguments: [0.5, 0.2])
  func nisp(spread: Double) throws {
    let graph = try deep()
    let responses = try #require(try values(graph)["act2"])
    let columns = (0..<5).map { unit in (0..<8).map { Double(responses[$0 * 5 + unit]) } }
    let second = try features(columns, spread: spread)
    let weights = try folded(graph)
    let first = (0..<6).map { i in (0..<5).reduce(0) { $0 + abs(weights[$1][i]) * second[$1] } }
    var criterion = ResponseImportance()
    criterion.spread = spread
    var context = context(graph)
    let found = try criterion.scores(of: sets(graph), &context)
    expectNear(found[1], second, 1e-4)
    expectNear(found[0], first, 1e-4)
  }

  @Test("Importance goes to all places of a pool alike and is summed over a channel's")
  func nispOfConvolutions() throws {
    let graph = try SmallGraph.lenet.graph()
    let responses = try #require(try values(graph)["relu3"])
    let hidden = try features(
      (0..<8).map { unit in (0..<8).map { Double(responses[$0 * 8 + unit]) } }, spread: 0.5)
    func weight(_ name: String) throws -> [Double] {
      try #require(graph.parameters[name]).value.values.map { Double(abs($0)) }
    }
    let (dense, conv) = (try weight("hidden.weight"), try weight("conv2.weight"))
    let second = (0..<6).map { o in (0..<8).reduce(0) { $0 + dense[$1 * 6 + o] * hidden[$1] } }
    let kernels = (0..<24).map { kernel in conv[kernel * 9..<(kernel + 1) * 9].reduce(0, +) }
    let first = (0..<4).map { i -> Double in
      (0..<6).reduce(0) { $0 + second[$1] * kernels[$1 * 4 + i] }
    }
    var context = context(graph)
    let found = try ResponseImportance().scores(of: sets(graph), &context)
    expectNear(found[2], hidden, 1e-4)
    expectNear(found[1], second, 1e-4)
    expectNear(found[0], first, 1e-4)
  }

  // MARK: Reconstruction

  @Test("Where contributions are apart, a channel enters the lasso at its own penalty")
  func lasso() {
    let path = LassoPath(gram: [[2, 0, 0], [0, 0.5, 0], [0, 0, 18]], norms: [0.5, 2, 3])
    // With G = diag(g/n²) and the target c = G·n, the entry is |c| = g/n.
    for (found, truth) in zip(path.entries, [4, 0.25, 6.0]) {
      #expect(found <= 1.1 * truth && found >= 0.9 * truth)
    }
    // Two channels with the same contribution share it, so none enters before the stronger one.
    let alike = LassoPath(gram: [[4, 2, 0], [2, 1, 0], [0, 0, 0]], norms: [1, 1, 0])
    #expect(alike.entries[0] > alike.entries[1] && alike.entries[2] == 0)
  }

  @Test("A channel that others make up for is dropped, and the next layer loses nothing")
  func reconstructs() throws {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [2, 6, 6])])
    try graph.append(Conv2D(filters: 4, kernel: 3), name: "conv", inputs: ["image"])
    try graph.append(Conv2D(filters: 5, kernel: 3), name: "next", inputs: ["conv"])
    try graph.append(ReLU(), name: "relu", inputs: ["next"])
    try graph.append(Flatten(), name: "flat", inputs: ["relu"])
    try graph.append(Linear(features: 3), name: "logits", inputs: ["flat"])
    graph.outputs = ["logits"]
    graph.scatterParameters(seed: 15)
    // The last filter is the sum of two others, plus a bias.
    var weight = try #require(graph.parameters["conv.weight"]).value
    for i in 0..<18 { weight.values[54 + i] = weight.values[i] + weight.values[18 + i] }
    graph.parameters["conv.weight"]?.value = weight
    var criterion = Reconstruction()
    (criterion.places, criterion.ridge) = (16, 1e-4)
    var context = context(graph, images: 16)
    let set = try #require(sets(graph).first { $0.name == "conv" })
    let moved = try criterion.compensation(for: [(set, [false, false, false, true])], &context)
    var fitted = graph
    for (name, tensor) in moved { fitted.parameters[name]?.value = tensor }
    #expect(Set(moved.keys) == ["next.weight", "next.bias"])
    let smaller = try fitted.removingChannels(["conv": [3]]).graph
    let plain = try graph.removingChannels(["conv": [3]]).graph
    let truth = try graph.output("logits")
    let (found, lost) = (
      relativeDistance(truth, try smaller.output("logits")),
      relativeDistance(truth, try plain.output("logits"))
    )
    #expect(found < 0.02 && found < 0.1 * lost)
  }

  @Test("Fitted weights are where the squared error of the sampled places, and the ridge, are least")
  func leastSquares() throws {
    let graph = try SmallGraph.lenet.graph()
    var criterion = Reconstruction()
    (criterion.places, criterion.ridge) = (100, 1e-2)
    var context = context(graph, images: 16)
    let set = try #require(sets(graph).first { $0.name == "conv2" })
    let isGone = [true, false, false, true, false, false]
    let moved = try criterion.compensation(for: [(set, isGone)], &context)
    let (weight, bias) = (
      try #require(moved["hidden.weight"]).values, try #require(moved["hidden.bias"]).values
    )
    let (oldWeight, oldBias) = (
      try #require(graph.parameters["hidden.weight"]).value.values,
      try #require(graph.parameters["hidden.bias"]).value.values
    )
    let all = try values(graph, images: 16)
    let (flat, hidden) = (try #require(all["flat"]), try #require(all["hidden"]))
    let kept = [1, 2, 4, 5]
    let inputs = (0..<16).map { image in kept.map { Double(flat[image * 6 + $0]) } + [1] }
    let trace = inputs.flatMap(\.self).reduce(0) { $0 + $1 * $1 }
    for output in 0..<8 {
      let now = kept.map { Double(weight[output * 6 + $0]) } + [Double(bias[output])]
      let old = kept.map { Double(oldWeight[output * 6 + $0]) } + [Double(oldBias[output])]
      let errors = inputs.enumerated().map { image, row in
        zip(row, now).reduce(0) { $0 + $1.0 * $1.1 } - Double(hidden[image * 8 + output])
      }
      for column in 0..<5 {
        let slope = zip(errors, inputs).reduce(0) { $0 + $1.0 * $1.1[column] }
        let pull = 1e-2 * trace / 5 * (now[column] - old[column])
        #expect(abs(slope + pull) <= 1e-4 * trace)
      }
      #expect(weight[output * 6] == 0 && weight[output * 6 + 3] == 0)
      #expect(zip(now, old).contains { abs($0 - $1) > 1e-3 })
    }
  }

  @Test("Later layers are fitted on what the earlier ones have become")
  func sequential() throws {
    let graph = try SmallGraph.lenet.graph()
    var method = ChannelPruning(sparsity: 0.5, scope: .layer)
    var criterion = Reconstruction()
    criterion.places = 8
    method.criterion = criterion
    let fitted = try MethodCase(method: method).compress(graph, evidence: evidence(graph, images: 64))
    // The same channels, removed without a fit.
    let units = fitted.removedUnits(from: graph)
    let plain = try graph.removingChannels(units).graph
    let truth = try values(graph, images: 64)["logits"] ?? []
    let with = squaredDistance(truth, try values(fitted.graph, images: 64)["logits"] ?? [])
    let without = squaredDistance(truth, try values(plain, images: 64)["logits"] ?? [])
    #expect(with < 0.7 * without)
  }

  @Test("Importance that grows beyond what floats hold stays in proportion")
  func deepImportance() throws {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [2])])
    var value = "image"
    for layer in 0..<40 {
      try graph.append(Linear(features: 2, bias: false), name: "l\(layer)", inputs: [value])
      value = "l\(layer)"
      graph.parameters["\(value).weight"] = Parameter(Tensor([5, 5, 5, 5], shape: [2, 2]))
    }
    try graph.append(Linear(features: 2, bias: false), name: "logits", inputs: [value])
    graph.parameters["logits.weight"] = Parameter(Tensor([1, 0, 0, 1], shape: [2, 2]))
    graph.outputs = ["logits"]
    let sets = sets(graph)
    // The features' importance is given, so that no value has to flow through forty layers.
    var context = SaliencyContext(graph: graph, evidence: EvenValues(), images: 4)
    let scores = try ResponseImportance().scores(of: sets, &context)
    // Each layer passes on 5 + 5 times its input.
    for (deeper, higher) in zip(scores, scores.dropFirst()) {
      #expect(deeper[0].isFinite && abs(deeper[0] / higher[0] - 10) < 1e-4)
    }
    #expect(scores[0][0] > 1e38)
  }

  /// Evidence of two features that vary equally.
  private struct EvenValues: Evidence {
    func forEachGradient(images: Int, _ body: ([String: Tensor]) -> Void) throws {}
    func forEachActivation(
      of values: [String], images: Int, real: Bool, _ body: ([String: Tensor]) -> Void
    ) throws {
      body(
        Dictionary(
          uniqueKeysWithValues: values.map { ($0, Tensor([1, 2, 2, 1, 0, 3, 3, 0], shape: [4, 2])) }))
    }
    func forEachActivation(
      of values: [String], in graph: Graph, images: Int, real: Bool, _ body: ([String: Tensor]) -> Void
    ) throws { try forEachActivation(of: values, images: images, real: real, body) }
  }
}
