import DNNL
import Encodings
import Execution
import Graphs
import Ops
import Settings
import Tasks
import Tensors
import TestSupport
import Testing

@testable import Methods

/// The additional laws of methods that replace layers or shapes.
@Suite("Laws of methods that replace layers")
struct ReplacementLawTests {
  /// A network so wide that every replacement is smaller, with residual blocks, steps and final linear
  /// layers.
  static func network() throws -> Graph {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [3, 12, 12])])
    func block(
      _ name: String, _ input: String, _ filters: Int, stride: Int = 1, kernel: Int = 3, relu: Bool = true
    )
      throws
    {
      let conv = Conv2D(
        filters: filters, kernel: kernel, stride: stride, padding: kernel / 2, bias: name == "b.1")
      try graph.append(conv, name: "\(name).conv", inputs: [input])
      try graph.append(BatchNorm(), name: relu ? "\(name).norm" : name, inputs: ["\(name).conv"])
      if relu { try graph.append(ReLU(), name: name, inputs: ["\(name).norm"]) }
    }
    try block("stem", "image", 16)
    try block("a.1", "stem", 16)
    try block("a.2", "a.1", 16, relu: false)
    try graph.append(Add(), name: "a.sum", inputs: ["a.2", "stem"])
    try graph.append(ReLU(), name: "a", inputs: ["a.sum"])
    try block("b.1", "a", 32, stride: 2)
    try block("b.2", "b.1", 32, relu: false)
    try block("b.project", "a", 32, stride: 2, kernel: 1, relu: false)
    try graph.append(Add(), name: "b.sum", inputs: ["b.2", "b.project"])
    try graph.append(ReLU(), name: "b", inputs: ["b.sum"])
    try block("d.1", "b", 32)
    try block("d.2", "d.1", 32, relu: false)
    try graph.append(Add(), name: "d.sum", inputs: ["b", "d.2"])
    try graph.append(ReLU(), name: "d", inputs: ["d.sum"])
    try block("c", "d", 40, stride: 2)
    try graph.append(GlobalAveragePool(), name: "pool", inputs: ["c"])
    try graph.append(Flatten(), name: "features", inputs: ["pool"])
    try graph.append(Linear(features: 36), name: "hidden", inputs: ["features"])
    try graph.append(ReLU(), name: "hidden.relu", inputs: ["hidden"])
    try graph.append(Linear(features: 5), name: "logits", inputs: ["hidden.relu"])
    graph.outputs = ["logits"]
    graph.scatterParameters(seed: 31)
    return graph
  }

  private func evidence(_ graph: Graph) -> PlanEvidence {
    PlanEvidence(
      graph, task: Classification(), backend: ReferenceBackend(),
      source: PatternSource(graph, images: 8, batch: 4), batch: 4)
  }

  private func compress(_ method: MethodCase, _ graph: Graph) throws -> Rewrite {
    try method.compress(graph, evidence: evidence(graph))
  }

  /// True for methods that move work instead of saving it.
  private func grows(_ method: MethodCase) -> Bool { method.method is LateDownsampling }

  @Test(
    "each changes the network, which verifies, computes and is no larger", arguments: MethodCase.replacing)
  func changes(method: MethodCase) throws {
    let graph = try Self.network()
    let rewrite = try compress(method, graph)
    try rewrite.graph.verify()
    #expect(rewrite.graph != graph)
    #expect(rewrite.graph.outputs == graph.outputs)
    #expect(rewrite.graph.shape(of: "logits") == graph.shape(of: "logits"))
    #expect(try rewrite.graph.outputValues().allSatisfy { $0.allSatisfy(\.isFinite) })
    #expect(rewrite.graph.parameterCount <= graph.parameterCount)
    if !grows(method) {
      #expect(
        rewrite.graph.parameterCount < graph.parameterCount || rewrite.graph.multiplyAdds < graph.multiplyAdds
      )
    }
    for (name, origin) in rewrite.origin {
      let new = try #require(rewrite.graph.parameters[name], "\(name) is not there")
      var old = try #require(graph.parameters[origin.parameter], "\(origin.parameter) was not there").value
      for (axis, kept) in origin.kept { old = old.gathering(kept, axis: axis) }
      #expect(old == new.value, "\(name) is not what it comes from")
    }
  }

  @Test("the same seed gives the same network", arguments: MethodCase.replacing)
  func deterministic(method: MethodCase) throws {
    let graph = try Self.network()
    #expect(try compress(method, graph) == compress(method, graph))
  }

  @Test("layers that a method does not apply to keep what they have", arguments: MethodCase.replacing)
  func applicability(method: MethodCase) throws {
    let graph = try Self.network()
    let rewrite = try compress(method, graph)
    for node in graph.nodes {
      guard case .notApplicable(let reason) = method.method.applicability(to: node, in: graph) else {
        continue
      }
      #expect(reason.count > 5)
      // Widths are tied between layers.
      if method.method is ScaledWidth { continue }
      for (name, _) in graph.slots(of: node) {
        #expect(rewrite.graph.parameters[name] == graph.parameters[name], "\(name) changed")
      }
    }
  }

  @Test("settings are written and read again", arguments: MethodCase.replacing)
  func settings(method: MethodCase) throws {
    func check<M: CompressionMethod>(_ method: M) throws {
      #expect(try M(from: method.node, owner: M.name).node.canonicalJSON == method.node.canonicalJSON)
      #expect(M.documentation.summary.count > 20 && M.documentation.summary.count < 90)
      #expect(M.documentation.description.count > 100 && M.documentation.paper.contains { $0.isNumber })
      for setting in M.settings { #expect(setting.summary.count > 5, "\(setting.name)") }
    }
    try check(method.method)
  }

  @Test("nothing to do is said, in a network without layers", arguments: MethodCase.replacing)
  func nothingToDo(method: MethodCase) throws {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [3, 4, 4])])
    try graph.append(GlobalAveragePool(), name: "pool", inputs: ["image"])
    try graph.append(Flatten(), name: "logits", inputs: ["pool"])
    graph.outputs = ["logits"]
    let message = errorMessage { _ = try method.compress(graph, evidence: evidence(graph)) }
    #expect(message.contains(": changes nothing: "))
  }

  @Test(
    "channels can be pruned and integers computed afterwards, by both backends alike",
    arguments: MethodCase.replacing)
  func chained(method: MethodCase) throws {
    let replaced = try compress(method, Self.network()).graph
    let scale = try replaced.outputValues()[0].map(abs).max() ?? 1
    let native = try replaced.outputValues(by: DNNLBackend())
    for (a, b) in zip(try replaced.outputValues()[0], native[0]) { #expect(abs(a - b) < 1e-3 * scale) }
    let pruned = try MethodCase(method: ChannelPruning(sparsity: 0.3)).compress(replaced).graph
    #expect(pruned.parameterCount < replaced.parameterCount)
    let masked = try MethodCase(method: MagnitudePruning(sparsity: 0.2)).compress(pruned).graph
    let quantized = try MethodCase(method: PostTrainingQuantization()).compress(
      masked, evidence: evidence(masked)
    ).graph
    #expect(IntegerProgram.refusal(of: quantized) == nil)
    _ = try IntegerProgram(quantized)
    #expect(try quantized.outputValues().allSatisfy { $0.allSatisfy(\.isFinite) })
  }

  @Test("more strength never leaves more, and in the end leaves less")
  func strength() throws {
    func sizes<M: CompressionMethod>(_ method: M) throws {
      guard let path = M.strength else { return }
      let graph = try Self.network()
      let sizes = try [0.1, 0.3, 0.5, 0.7, 0.9].map { strength in
        var stronger = method
        stronger[keyPath: path] = strength
        do {
          return try compress(MethodCase(method: stronger), graph).graph.parameterCount
        } catch MethodError.nothingToDo { return graph.parameterCount }
      }
      #expect(sizes == sizes.sorted(by: >), "\(M.name)")
      #expect(sizes[4] < graph.parameterCount, "\(M.name)")
    }
    var canonical = CanonicalConvolution()
    canonical.iterations = 5
    for method in [
      BottleneckBlocks(), AsymmetricFilters(), ScaledDepth(), ChannelSVD(), canonical,
      TensorTrain(),
    ] as [any CompressionMethod] { try sizes(method) }
  }
}
