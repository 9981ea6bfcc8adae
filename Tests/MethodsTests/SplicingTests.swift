import Encodings
import Graphs
import Ops
import Settings
import Tensors
import TestSupport
import Testing
import Training

@testable import Methods

/// A layer with one output, whose weights a test can name one by one.
struct OneRow {
  static let weight = "logits.weight"
  var graph: Graph

  init(_ weights: [Float]) throws {
    graph = Graph(inputs: [GraphInput(name: "image", shape: [weights.count])])
    try graph.append(Linear(features: 1, bias: false), name: "logits", inputs: ["image"])
    graph.outputs = ["logits"]
    graph.parameters[Self.weight] = Parameter(Tensor(weights, shape: [1, weights.count]))
  }

  var parameter: Parameter { graph.parameters[Self.weight] ?? Parameter(Tensor([], shape: [0])) }
  /// The weights that training changes.
  var masters: [Float] {
    get { parameter.value.values }
    set { graph.parameters[Self.weight]?.value.values = newValue }
  }
  /// The weights that kernels see.
  var seen: [Float] { parameter.projected.values }

  /// Applies a method at some progress of a stage that began with `original`, and continues with the result.
  mutating func apply<M: CompressionMethod>(_ method: M, of original: OneRow, at progress: Double) throws {
    var compression = Compression(method, graph: graph, of: original.graph, progress: progress)
    graph = try method.compress(&compression).graph
    try graph.verify()
  }

  /// Descends a loss through the encoding, with gradients by the weights that kernels see.
  ///
  /// It returns the scores that a method would accumulate over the updates: -rate·w·gradient.
  @discardableResult
  mutating func descend(rate: Float, updates: Int, _ gradient: ([Float]) -> [Float]) -> [Double] {
    var scores = Array(repeating: 0.0, count: masters.count)
    for _ in 0..<updates {
      let before = parameter
      var passed = gradient(seen)
      var span = passed.mutableSpan
      before.encoding.backward(&span, masters: before.value.values.span, shape: before.value.shape)
      masters = zip(masters, passed).map { $0 - rate * $1 }
      for i in scores.indices {
        scores[i] -= Double(rate) * Double(before.value.values[i]) * Double(passed[i])
      }
    }
    return scores
  }
}

@Suite("Masks that come back")
struct SplicingTests {
  @Test("Weights change sides where they are beyond the margin, and the last point masks to the share")
  func hysteresis() throws {
    let original = try OneRow([4, -3, 2, 1])
    var row = original
    var method = DynamicSurgery(sparsity: 0.5, margin: 0.1)
    method.amount.schedule = .once
    #expect(method.pacing == .gradual(times: 20, share: 0.8))
    func step(_ masters: [Float], at progress: Double) throws -> [Bool] {
      row.masters = masters
      try row.apply(method, of: original, at: progress)
      #expect(row.masters == masters || progress == 1)
      return row.seen.map { $0 != 0 }
    }
    // The limit is 2.5, between the second and the third.
    #expect(try step([4, -3, 2, 1], at: 0.2) == [true, true, false, false])
    // 3 and 2.6 are within a tenth of the limit 2.8, so nothing changes.
    #expect(try step([4, -3, 2, 2.6], at: 0.4) == [true, true, false, false])
    // 3.3 and 3.7 are within a tenth of the limit 3.5.
    #expect(try step([4, -3.3, 2, 3.7], at: 0.6) == [true, true, false, false])
    // 3.9 is above the limit 3.4 by more than a tenth, 2.9 below it.
    #expect(try step([4, -2.9, 2, 3.9], at: 0.8) == [true, false, false, true])
    #expect(row.parameter.encoding is Spliced)
    #expect(try step([4, -3.3, 2, 3.5], at: 1) == [true, false, false, true])
    #expect(row.parameter.encoding.isEqual(to: Sparse(mask: Mask([true, false, false, true]))))
    #expect(row.masters == [4, 0, 0, 3.5])
  }

  @Test("A weight that was wrongly pruned grows behind its mask and comes back; one-shot pruning loses it")
  func wronglyPruned() throws {
    // The loss |w - best|²/2 is best with the first and second of four weights.
    let best: [Float] = [2, 1, 0.1, 0.05]
    func gradient(_ w: [Float]) -> [Float] { zip(w, best).map { $0 - $1 } }
    let original = try OneRow([0.3, 1, 0.6, 0.2])
    var row = original
    var method = DynamicSurgery(sparsity: 0.5)
    method.amount.schedule = .once
    try row.apply(method, of: original, at: 0.25)
    #expect(row.seen.map { $0 != 0 } == [false, true, true, false])
    for progress in [0.5, 0.75] {
      row.descend(rate: 0.2, updates: 10, gradient)
      try row.apply(method, of: original, at: progress)
    }
    try row.apply(method, of: original, at: 1)
    row.descend(rate: 0.2, updates: 60, gradient)
    #expect(zip(row.seen, [2, 1, 0, 0] as [Float]).allSatisfy { abs($0 - $1) < 1e-4 }, "\(row.seen)")
    var once = original
    try once.apply(MagnitudePruning(sparsity: 0.5), of: original, at: 1)
    once.descend(rate: 0.2, updates: 60, gradient)
    #expect(once.seen[0] == 0)
  }

  @Test("A threshold counts in standard deviations of the layer, raised with the schedule")
  func threshold() throws {
    // Mean 0 and variance 5: half of a standard deviation is 1.118.
    let original = try OneRow([1, -1, 3, -3, -1, 1, -3, 3])
    var row = original
    var method = DynamicSurgery()
    method.threshold = 1
    method.amount.schedule = .linear
    try row.apply(method, of: original, at: 0.5)
    #expect(row.seen == [0, 0, 3, -3, 0, 0, -3, 3])
    #expect(method.randomControl == nil && DynamicSurgery().randomControl is RandomPruning)
  }

  @Test("What earlier stages pruned stays pruned, one weight stays, and shared values are refused in words")
  func earlierStages() throws {
    var original = try OneRow([4, 3, 2, 1])
    original.graph.parameters[OneRow.weight] = original.parameter.masked(by: [true, true, false, true])
    var row = original
    let method = DynamicSurgery(sparsity: 0.999)
    try row.apply(method, of: original, at: 0.9)
    let encoding = try #require(row.parameter.encoding as? Spliced)
    #expect(encoding.inner.isEqual(to: Sparse(mask: Mask([true, true, false, true]))))
    #expect(row.seen == [4, 0, 0, 0])
    row.masters = [1, 2, 50, 3]
    try row.apply(method, of: original, at: 1)
    #expect(row.seen == [0, 0, 0, 3])
    var integers = try OneRow([1, 2])
    integers.graph.parameters[OneRow.weight]?.encoding = Integer(bits: 8, scales: [0.1])
    let first = integers
    #expect(
      errorMessage { try integers.apply(method, of: first, at: 0.5) }
        .contains("logits.weight: its weights are integer already, expected floats"))
  }

  @Test("Movement is the sum of -rate·w·gradient over the updates, but for half the squared steps")
  func movement() throws {
    let best: [Float] = [3, 0.5, -1, 0]
    let original = try OneRow([1, 2, -1.5, 0.25])
    var row = original
    let summed = row.descend(rate: 0.05, updates: 12) { zip($0, best).map { $0 - $1 } }
    var context = SaliencyContext(graph: row.graph, original: original.graph)
    let set = UnitSet(parameter: OneRow.weight, shape: [1, 4], unit: SingleWeights())
    let scores = try Movement().scores(of: [set], &context)[0]
    // By hand: each step multiplies w - best by 0.95.
    for i in scores.indices {
      var (squares, distance) = (0.0, Double(original.masters[i]) - Double(best[i]))
      for _ in 0..<12 {
        squares += 0.05 * 0.05 * distance * distance
        distance *= 0.95
      }
      #expect(abs(scores[i] - (summed[i] + squares / 2)) < 1e-4, "\(i)")
    }
    #expect(scores[0] > 0 && scores[1] < 0)
  }

  @Test("Movement names the first of several weights that have another shape than the stage began with")
  func movementOfOthers() throws {
    let graph = try SmallGraph.residual.graph()
    var context = SaliencyContext(graph: graph, original: try SmallGraph.perceptron.graph())
    let sets = graph.nodes.flatMap { graph.prunableWeights(of: $0) }.map {
      UnitSet(parameter: $0.name, shape: $0.parameter.value.shape, unit: SingleWeights())
    }
    let first = try #require(sets.map(\.name).min())
    #expect(sets.count > 5)
    let message = errorMessage { _ = try Movement().scores(of: sets, &context) }
    #expect(message.hasPrefix("movement: \(first):"), "\(message)")
  }

  @Test("What moves to zero goes first, however large; masked weights that move outwards come back")
  func movementPruning() throws {
    let original = try OneRow([1, 9, 3, -1])
    var row = original
    let method = MovementPruning()
    // Before anything has moved, magnitude decides; round(4·0.8·(1 - 0.8³)) = 2 of four go.
    try row.apply(method, of: original, at: 0.2)
    #expect(row.seen == [0, 9, 3, 0])
    var half = method
    half.amount.sparsity = 0.5
    half.amount.schedule = .once
    row.masters = [1.5, 8, 3.5, -0.9]
    try row.apply(half, of: original, at: 0.6)
    #expect(row.seen == [1.5, 0, 3.5, 0])
    try row.apply(half, of: original, at: 1)
    #expect(row.parameter.encoding.isEqual(to: Sparse(mask: Mask([true, false, true, false]))))
  }
}
