import Encodings
import Execution
import Graphs
import Settings
import Tasks
import Tensors
import TestSupport
import Testing

@testable import Methods

@Suite("Karnin's sensitivity")
struct KarninTests {
  /// The loss Σ h/2·(w - c)² of a layer with one output.
  private struct QuadraticLoss: Evidence {
    let row: OneRow
    let h: [Float]
    let c: [Float]

    var gradient: [Float] { h.indices.map { h[$0] * (row.seen[$0] - c[$0]) } }

    func forEachGradient(images: Int, _ body: ([String: Tensor]) -> Void) throws {
      body([OneRow.weight: Tensor(gradient, shape: [1, h.count])])
    }

    func forEachActivation(
      of values: [String], images: Int, real: Bool, _ body: ([String: Tensor]) -> Void
    ) throws {}
  }

  private let h: [Float] = [2, 1, 4, 0.5]
  private let c: [Float] = [1, -2, 0.5, 3]
  private let first: [Float] = [0.5, -0.1, 1.5, 2.5]

  private func apply(_ method: KarninPruning, to row: inout OneRow, at progress: Double) throws {
    var compression = Compression(
      method, graph: row.graph, of: row.graph, progress: progress,
      evidence: QuadraticLoss(row: row, h: h, c: c))
    row.graph = try method.compress(&compression).graph
    try row.graph.verify()
  }

  /// The scores of a row after the updates so far.
  private func scores(_ row: OneRow) throws -> [Double] {
    var context = SaliencyContext(graph: row.graph, evidence: QuadraticLoss(row: row, h: h, c: c))
    let set = UnitSet(parameter: OneRow.weight, shape: [1, h.count], unit: SingleWeights())
    return try KarninPruning().criterion.scores(of: [set], &context)[0]
  }

  private func descend(_ row: inout OneRow, rate: Float, updates: Int) {
    let (h, c) = (h, c)
    row.descend(rate: rate, updates: updates) { w in h.indices.map { h[$0] * (w[$0] - c[$0]) } }
  }

  @Test(
    "Of a quadratic loss the path integral and the score are those of the closed form, whatever the points")
  func closedForm() throws {
    var row = try OneRow(first)
    let method = KarninPruning(sparsity: 0.5)
    for (point, updates) in [3, 1, 8].enumerated() {
      try apply(method, to: &row, at: Double(point + 1) / 4)
      #expect(row.seen == row.masters)
      descend(&row, rate: 0.1, updates: updates)
    }
    let way = try #require(row.parameter.encoding as? Traced)
    #expect(way.start == first && way.slope != QuadraticLoss(row: row, h: h, c: c).gradient)
    let found = try scores(row)
    var expected: [Double] = []
    for i in h.indices {
      // The expected score is h/2·((w - c)² - (w0 - c)²)·w/(w - w0).
      let (w, w0) = (Double(row.masters[i]), Double(first[i]))
      expected.append(abs(Double(h[i]) / 2 * w * (w + w0 - 2 * Double(c[i]))))
      #expect(abs(found[i] - expected[i]) < 1e-5 * max(1, expected[i]), "\(i)")
    }
    // Scores are about 0.5, 1.6, 1.1 and 0.6; by magnitude the first and last weights would stay.
    try apply(method, to: &row, at: 1)
    let order = expected.indices.sorted { expected[$0] > expected[$1] }
    let kept = expected.indices.map { order.prefix(2).contains($0) }
    #expect(row.parameter.encoding.isEqual(to: Sparse(mask: Mask(kept))))
    #expect(kept != [true, false, false, true])
  }

  @Test(
    "Followed through plain gradient descent it is Karnin's sum over the updates, but for a factor that the rate decides"
  )
  func karninsSum() throws {
    let rate: Float = 0.02
    var row = try OneRow(first)
    var sums = Array(repeating: 0.0, count: h.count)
    for point in 0..<5 {
      try apply(KarninPruning(), to: &row, at: Double(point + 1) / 6)
      for _ in 0..<20 {
        let before = row.masters
        descend(&row, rate: rate, updates: 1)
        for i in sums.indices {
          let step = Double(row.masters[i]) - Double(before[i])
          sums[i] += step * step / Double(rate)
        }
      }
    }
    let found = try scores(row)
    for i in h.indices {
      // An update multiplies the distance d to c by r = 1 - rate·h. The summed squares come to h·d²·(1 -
      // r^2n)/(2 - rate·h), and the integral to h·d²·(1 - r^2n)/2.
      let (w, w0) = (Double(row.masters[i]), Double(first[i]))
      let karnin = abs(sums[i] * w / (w - w0))
      let factor = 2 / (2 - Double(rate) * Double(h[i]))
      #expect(abs(karnin - factor * found[i]) < 2e-4 * karnin, "\(i)")
    }
  }

  @Test("The path integrals of all weights add up to the change of the loss")
  func completeness() throws {
    let start = try SmallGraph.lenet.graph()
    func evidence(_ graph: Graph) -> PlanEvidence {
      PlanEvidence(
        graph, task: Classification(), backend: ReferenceBackend(),
        source: PatternSource(graph, images: 8, batch: 4), batch: 4)
    }
    let names = start.nodes.flatMap { node in start.prunableWeights(of: node).map(\.name) }
    var graph = start
    let points = 32
    for point in 0...points {
      for name in names {
        let values = start.parameters[name]?.value.values ?? []
        let way = Tensor(random: [values.count], seed: 3, name).values
        let share = Float(point) / Float(points)
        graph.parameters[name]?.value.values = zip(values, way).map { $0 + 0.2 * share * $1 }
      }
      var compression = Compression(
        KarninPruning(), graph: graph, of: start, progress: 0.5, evidence: evidence(graph))
      graph = try KarninPruning().compress(&compression).graph
    }
    let integral = names.reduce(0.0) { sum, name in
      (graph.parameters[name]?.encoding as? Traced)?.integral.reduce(sum) { $0 + Double($1) } ?? .nan
    }
    let change =
      try evidence(start).meanLoss(of: graph, images: 8) - evidence(start).meanLoss(of: start, images: 8)
    #expect(abs(change) > 0.01)
    #expect(abs(integral - change) < 0.02 * abs(change), "\(integral), the loss changed by \(change)")
  }

  @Test(
    "A weight that has not moved counts by gradient times weight; earlier masks stay, training is not touched"
  )
  func unmoved() throws {
    var row = try OneRow(first)
    try apply(KarninPruning(), to: &row, at: 0.5)
    let gradient = QuadraticLoss(row: row, h: h, c: c).gradient
    for (score, (w, g)) in zip(try scores(row), zip(first, gradient)) {
      #expect(abs(score - Double(abs(w * g))) < 1e-6)
    }
    var masked = try OneRow(first)
    masked.graph.parameters[OneRow.weight] = masked.parameter.masked(by: [true, true, false, true])
    try apply(KarninPruning(sparsity: 0.5), to: &masked, at: 0.5)
    var (gradients, plain): ([Float], [Float]) = ([1, 2, 3, 4], [1, 2, 3, 4])
    var span = gradients.mutableSpan
    masked.parameter.encoding.backward(&span, masters: masked.masters.span, shape: [1, 4])
    plain[2] = 0
    #expect(gradients == plain)
    descend(&masked, rate: 0.1, updates: 2)
    try apply(KarninPruning(sparsity: 0.5), to: &masked, at: 1)
    let mask = try #require(masked.parameter.encoding as? Sparse).mask
    #expect(!mask[2] && mask.survivorCount == 2)
  }

  @Test("Bad uses are refused in words, the control is chance")
  func refusals() throws {
    func read(_ yaml: String) throws {
      _ = try KarninPruning(from: SettingsNode(yaml: yaml, source: "test"), owner: KarninPruning.name)
    }
    #expect(
      errorMessage { try read("times: 1") }.contains("\"times\" must be an integer in 2...1000"))
    #expect(errorMessage { try read("schedule: cubic") }.contains("\"schedule\" is not a setting"))
    var integers = try OneRow(first)
    integers.graph.parameters[OneRow.weight]?.encoding = Integer(bits: 8, scales: [0.1])
    #expect(
      errorMessage { try apply(KarninPruning(), to: &integers, at: 0.5) }
        .contains("logits.weight: its weights are integer already, expected floats"))
    let graph = try OneRow(first).graph
    var skipped = Compression(
      KarninPruning(), graph: graph, of: graph, progress: 0.5, overrides: ["logits": nil])
    #expect(
      errorMessage { _ = try KarninPruning().compress(&skipped) }.contains(
        "the network has no layers with weights"))
    #expect(KarninPruning().randomControl is RandomPruning)
  }
}
