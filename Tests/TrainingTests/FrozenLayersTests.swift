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

@testable import Training

@Suite("Frozen layers", .serialized)
struct FrozenLayersTests {
  private static func train(
    _ graph: Graph, on backend: any Backend, _ yaml: String, steps: Int = 6,
    rewriter: (any GraphRewriter)? = nil
  ) throws -> Graph {
    var settings = TrainingSettings()
    (settings.epochs, settings.batch) = (2, 8)
    try settings.update(from: SettingsNode(yaml: yaml, source: "test"), owner: "training")
    let trainer = try Trainer(
      Trainer.Setup(
        task: Classification(), graph: graph, backend: backend, settings: settings, seed: 3,
        rewriter: rewriter),
      training: SyntheticSource(steps: steps, batch: 8))
    guard case .finished(let result) = try trainer.run() else {
      throw TrainingError.patienceWithoutValidation
    }
    return result.graph
  }

  @Test(
    "Neither gradients nor decay, momentum, averages and penalties move a bit of them; the others learn",
    arguments: [ReferenceBackend() as any Backend, DNNLBackend()],
    [
      "optimizer: sgd", "optimizer: adamw, gradientClip: 0.3, accumulationSteps: 2",
      "emaDecay: 0.7, penalties: {norm-scale: {weight: 0.1}}",
    ])
  func kept(backend: any Backend, recipe: String) throws {
    let graph = try TinyNetwork.normalized()
    let trained = try Self.train(
      graph, on: backend, "{weightDecay: 0.1, frozen: ['kind:conv2d', logits], \(recipe)}")
    for name in ["conv.weight", "conv.bias", "logits.weight", "logits.bias"] {
      #expect(trained.parameters[name] == graph.parameters[name], "\(name)")
    }
    for name in ["norm.scale", "norm.shift", "norm.mean", "norm.variance"] {
      #expect(trained.parameters[name] != graph.parameters[name], "\(name)")
    }
  }

  @Test(
    "The step is that of the gradients of what learns alone",
    arguments: [ReferenceBackend() as any Backend, DNNLBackend()])
  func step(backend: any Backend) throws {
    let graph = try TinyNetwork.plain()
    let plain = "epochs: 1, weightDecay: 0, schedule: constant, optimizer: {sgd: {momentum: 0}}"
    // At a learning rate of 1 the step is the gradient.
    let whole = try Self.train(graph, on: backend, "{learningRate: 1, \(plain)}", steps: 1)
    let found = try Self.train(
      graph, on: backend, "{learningRate: 1, gradientClip: 0.125, frozen: logits, \(plain)}", steps: 1)
    let names = ["hidden.weight", "hidden.bias"]
    func step(_ graph: Graph, from start: Graph) -> [Double] {
      names.flatMap { name in
        zip(graph.parameters[name]?.value.values ?? [], start.parameters[name]?.value.values ?? [])
          .map { Double($0) - Double($1) }
      }
    }
    let gradient = step(whole, from: graph)
    let length = gradient.reduce(0) { $0 + $1 * $1 }.squareRoot()
    #expect(length > 0.25)
    for (found, whole) in zip(step(found, from: graph), gradient) {
      #expect(abs(found - whole * 0.125 / length) < 1e-5)
    }
    #expect(found.parameters["logits.weight"] == graph.parameters["logits.weight"])
  }

  @Test(
    "Patterns that mean no layer, nothing left to learn, and penalties of what does not learn are refused")
  func refusals() throws {
    let graph = try TinyNetwork.normalized()
    func message(_ yaml: String) -> String {
      errorMessage { _ = try Self.train(graph, on: ReferenceBackend(), yaml) }
    }
    #expect(
      message("{frozen: [conv, cnov]}")
        == "training: frozen: \"cnov\" matches no layer of the network; the layers are conv, norm, logits"
    )
    #expect(
      message("{frozen: ['*']}")
        == "training: frozen: the patterns match all layers that learn (*); leave one out")
    #expect(
      message("{frozen: [conv, logits], penalties: l1}").contains(
        "penalty l1: the network has no trained weights that it penalizes"))
    #expect(message("{frozen: ['kind:relu']}").contains("\"kind:relu\" matches no layer"))
    #expect(message("{frozen: 3}").contains("\"frozen\" must be"))
  }

  /// A rewriter that removes a channel of the convolution and changes a weight of its reader.
  private struct Cutter: GraphRewriter {
    func points(updates: Int) -> [Int] { [0, updates / 2] }
    func rewrite(_ graph: Graph, at point: RewritePoint) throws -> Rewrite { try Self.cut(graph) }
    static func cut(_ graph: Graph) throws -> Rewrite {
      var rewrite = try graph.removingChannels(["conv": [0]])
      rewrite.graph.parameters["logits.weight"]?.value.values[0] = 7
      return rewrite
    }
  }

  @Test(
    "A rewrite moves what is frozen, and averages with it",
    arguments: [ReferenceBackend() as any Backend, DNNLBackend()])
  func rewritten(backend: any Backend) throws {
    let trained = try Self.train(
      TinyNetwork.normalized(), on: backend, "{emaDecay: 0.9, frozen: logits}", rewriter: Cutter())
    let weights = try #require(trained.parameters["logits.weight"]?.value)
    let truth = try Cutter.cut(Cutter.cut(TinyNetwork.normalized()).graph)
    #expect(weights == truth.graph.parameters["logits.weight"]?.value && weights.values[0] == 7)
  }

  @Test("What a pattern means may go while a network trains, and variances are frozen with their means")
  func patterns() throws {
    var graph = try TinyNetwork.normalized()
    #expect(graph.frozenParameters([LayerPattern("gone")]).isEmpty)
    try graph.requireFrozen([LayerPattern("conv")])
    graph = Graph(inputs: [GraphInput(name: "image", shape: [4])])
    try graph.append(Linear(features: 3), name: "a", inputs: ["image"])
    try graph.append(Multiply(), name: "a.square", inputs: ["image", "image"])
    try graph.append(Linear(features: 3, bias: false), name: "a.variance", inputs: ["a.square"])
    try graph.append(GaussianSample(), name: "a.sample", inputs: ["a", "a.variance"])
    try graph.append(Linear(features: 2), name: "b", inputs: ["a.sample"])
    graph.outputs = ["b"]
    graph.initializeParameters(seed: 1)
    graph.parameters["a.variance.weight"]?.encoding = LogVariance(divergence: 1)
    #expect(graph.gaussianLayers.map(\.mean.name) == ["a"])
    let all: Set = ["a.weight", "a.bias", "a.variance.weight"]
    #expect(graph.frozenParameters([LayerPattern("a")]) == all)
    #expect(graph.frozenParameters([LayerPattern("a.variance")]).isEmpty)
    // A mean and a variance of unequal shape are not one layer.
    graph.parameters["a.variance.weight"]?.value = Tensor(zeros: [3, 5])
    #expect(graph.gaussianLayers.isEmpty)
  }

  @Test("Settings without frozen layers are written as they were before there were any")
  func written() throws {
    #expect(TrainingSettings().node["frozen"] == nil)
    var settings = TrainingSettings()
    settings.frozen = [LayerPattern("kind:conv2d"), LayerPattern("logits")]
    let again = try TrainingSettings(from: settings.node, owner: "training")
    #expect(again.frozen == settings.frozen)
    #expect(again.node["frozen"]?.canonicalJSON == #"["kind:conv2d","logits"]"#)
  }
}
