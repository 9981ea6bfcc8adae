import Foundation
import Graphs
import Methods
import Settings
import Tensors
import TestSupport
import Testing

@testable import Trials

@Suite("Sensitivity of layers")
struct LayerSensitivityTests {
  /// The positions of the `count` smallest values, found by sorting.
  private static func smallest(_ values: [Double], _ count: Int) -> Set<Int> {
    Set(values.indices.sorted { (values[$0], $0) < (values[$1], $1) }.prefix(count))
  }

  @Test(
    "A layer alone loses its smallest weights, as many as asked for; all else stays",
    arguments: [0.1, 0.5, 0.95])
  func weights(sparsity: Double) throws {
    let graph = try SmallGraph.lenet.graph()
    let study = try LayerSensitivity(of: graph, method: "weight-pruning", criterion: nil)
    #expect(study.layers == [["conv1"], ["conv2"], ["hidden"], ["logits"]])
    #expect(study.refusals.isEmpty)
    for layer in study.layers {
      let pruned = try study.pruned(layer, to: sparsity, evidence: NoEvidence())
      for (name, parameter) in graph.parameters {
        var truth = parameter.value.values
        if name == layer[0] + ".weight" {
          let count = min(Int((sparsity * Double(truth.count)).rounded()), truth.count - 1)
          for place in Self.smallest(truth.map { Double(abs($0)) }, count) { truth[place] = 0 }
        }
        #expect(pruned.parameters[name]?.projected.values == truth, "\(name)")
      }
    }
  }

  @Test("A layer alone loses its smallest filters, and what it has too few of stays whole")
  func channels() throws {
    let graph = try SmallGraph.lenet.graph()
    let study = try LayerSensitivity(of: graph, method: "channel-pruning", criterion: "l1")
    #expect(study.layers == [["conv1"], ["conv2"], ["hidden"]])
    #expect(study.refusals.map(\.layer) == ["logits"] && study.refusals[0].reason.count > 10)
    for layer in study.layers {
      let weight = try #require(graph.parameters[layer[0] + ".weight"]).value
      let size = weight.values.count / weight.shape[0]
      let sums = (0..<weight.shape[0]).map { filter in
        weight.values[filter * size..<(filter + 1) * size].reduce(0.0) { $0 + Double(abs($1)) }
      }
      let gone = Self.smallest(sums, weight.shape[0] / 2)
      let truth = try graph.removingChannels([layer[0]: gone]).graph
      #expect(try study.pruned(layer, to: 0.5, evidence: NoEvidence()) == truth)
      #expect(try study.pruned(layer, to: 0.01, evidence: NoEvidence()) == graph)
    }
  }

  @Test("Layers that lose the same channels are one")
  func tied() throws {
    let study = try LayerSensitivity(
      of: try SmallGraph.residual.graph(), method: "channel-pruning", criterion: nil)
    #expect(
      study.layers == [["stem.conv", "a2.conv"], ["a1.conv"], ["b1.conv"], ["b2.conv", "b.project.conv"]])
    let pruned = try study.pruned(study.layers[0], to: 0.5, evidence: NoEvidence())
    #expect(pruned.shape(of: "stem.conv")?[1] == 2 && pruned.shape(of: "a2.conv")?[1] == 2)
    #expect(pruned.shape(of: "a1.conv")?[1] == 4)
  }

  @Test("A curve is what is said of each pruned network; one that is stopped is none")
  func curve() throws {
    let graph = try SmallGraph.lenet.graph()
    let study = try LayerSensitivity(of: graph, method: "weight-pruning", criterion: "magnitude")
    func judge(_ graph: Graph) -> LayerSensitivity.Judgement {
      let norm = graph.parameters.values.reduce(0.0) { sum, parameter in
        parameter.projected.values.reduce(sum) { $0 + Double(abs($1)) }
      }
      return LayerSensitivity.Judgement(loss: 1 / norm, value: 0.5)
    }
    let shares = [0.25, 0.75]
    let curve = try #require(
      try study.curve(of: ["conv2"], at: shares, evidence: NoEvidence()) { judge($0) })
    #expect(curve.layers == ["conv2"] && curve.points.map(\.sparsity) == shares)
    for point in curve.points {
      let pruned = try study.pruned(["conv2"], to: point.sparsity, evidence: NoEvidence())
      #expect(point.loss == judge(pruned).loss && point.value == 0.5)
    }
    #expect(try study.curve(of: ["conv2"], at: shares, evidence: NoEvidence()) { _ in nil } == nil)
    #expect(LayerSensitivity.Judgement(loss: .nan, value: 0).loss == nil)
  }

  @Test("Curves are kept by network, method, shares, images and arithmetic, and by nothing else")
  func store() throws {
    let folder = FileManager.default.temporaryDirectory.path() + "/sensitivity-" + UUID().uuidString
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let graph = try SmallGraph.lenet.graph()
    func identity(
      _ graph: Graph, _ method: String = "weight-pruning", _ criterion: String? = nil,
      images: String = "val", _ shares: [Double] = [0.5], arithmetic: String = "AVX2"
    ) throws -> SensitivityIdentity {
      SensitivityIdentity(
        try LayerSensitivity(of: graph, method: method, criterion: criterion), images: images.node,
        sparsities: shares, arithmetic: arithmetic)
    }
    var other = graph
    other.parameters["conv1.weight"]?.value.values[0] += 1
    let digests = [
      try identity(graph), try identity(other), try identity(graph, "channel-pruning"),
      try identity(graph, "weight-pruning", "random"), try identity(graph, images: "test"),
      try identity(graph, images: "val", [0.5, 0.75]), try identity(graph, arithmetic: "AVX512"),
    ].map(\.digest)
    #expect(Set(digests).count == digests.count && digests[0].count == 64)
    #expect(try identity(graph, "weight-pruning", "magnitude").digest == digests[0])

    let store = SensitivityStore(try identity(graph), cache: folder)
    #expect(store.curves().isEmpty)
    let curves = [
      SensitivityCurve(layers: ["conv1"], points: [.init(sparsity: 0.5, loss: 0.1, value: 0.9)]),
      SensitivityCurve(layers: ["conv2", "x"], points: [.init(sparsity: 0.5, loss: nil, value: 0.25)]),
    ]
    try store.save(curves)
    #expect(store.curves() == curves)
    #expect(SensitivityStore(try identity(other), cache: folder).curves().isEmpty)
    try Data("damaged".utf8).write(to: URL(filePath: store.path))
    #expect(store.curves().isEmpty)
  }

  /// Evidence of losses that counts its calls.
  private final class Counting: Evidence {
    var asked = 0
    func meanLoss(of changed: Graph, images: Int) throws -> Double {
      asked += 1
      return changed.parameters.isEmpty ? .nan : Double(asked) / 3
    }
    func forEachGradient(images: Int, _ body: ([String: Tensor]) -> Void) throws {}
    func forEachActivation(
      of values: [String], images: Int, real: Bool, _ body: ([String: Tensor]) -> Void
    ) throws {}
  }

  @Test(
    "Losses of changed networks are measured once, told apart by network and images; what is no number is not kept"
  )
  func keptLosses() throws {
    let folder = FileManager.default.temporaryDirectory.path() + "/losses-" + UUID().uuidString
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let graph = try SmallGraph.lenet.graph()
    var other = graph
    other.parameters["conv1.weight"]?.value.values[3] += 1
    let counting = Counting()
    func kept(_ images: String = "train") -> KeptLosses {
      KeptLosses(counting, cache: folder, images: images.node, arithmetic: "AVX2")
    }
    #expect(try kept().meanLoss(of: graph, images: 64) == 1.0 / 3)
    #expect(try kept().meanLoss(of: graph, images: 64) == 1.0 / 3 && counting.asked == 1)
    #expect(try kept().meanLoss(of: other, images: 64) == 2.0 / 3)
    #expect(try kept().meanLoss(of: graph, images: 65) == 1)
    #expect(try kept("others").meanLoss(of: graph, images: 64) == 4.0 / 3)
    let empty = Graph(inputs: graph.inputs)
    #expect(try kept().meanLoss(of: empty, images: 64).isNaN && kept().meanLoss(of: empty, images: 64).isNaN)
    #expect(counting.asked == 6)
  }

  /// Evidence that records its calls.
  private final class Noting: Evidence {
    var asked: [String] = []
    func meanLoss(of changed: Graph, images: Int) throws -> Double { 0 }
    func forEachGradient(images: Int, _ body: ([String: Tensor]) -> Void) throws {
      asked.append("gradients")
    }
    func forEachImageGradient(images: Int, _ body: ([String: Tensor]) -> Void) throws {
      asked.append("image gradients")
    }
    func forEachActivation(
      of values: [String], images: Int, real: Bool, _ body: ([String: Tensor]) -> Void
    ) throws { asked.append("activations") }
    func forEachActivation(
      of values: [String], in graph: Graph, images: Int, real: Bool, _ body: ([String: Tensor]) -> Void
    ) throws { asked.append("activations of another") }
    func hessianProduct(_ direction: [String: Tensor], images: Int) throws -> [String: Tensor] {
      asked.append("curvature")
      return [:]
    }
    func initialWeights() throws -> [String: Tensor] {
      asked.append("initial weights")
      return [:]
    }
  }

  @Test("Every question but that of losses goes on to the evidence")
  func passedOn() throws {
    let noting = Noting()
    let kept = KeptLosses(noting, cache: "/nowhere", images: "train".node, arithmetic: "AVX2")
    try kept.forEachGradient(images: 1) { _ in }
    try kept.forEachImageGradient(images: 1) { _ in }
    try kept.forEachActivation(of: [], images: 1, real: true) { _ in }
    try kept.forEachActivation(of: [], in: SmallGraph.lenet.graph(), images: 1, real: true) { _ in }
    _ = try kept.hessianProduct([:], images: 1)
    _ = try kept.initialWeights()
    #expect(
      noting.asked == [
        "gradients", "image gradients", "activations", "activations of another", "curvature",
        "initial weights",
      ])
  }
}
