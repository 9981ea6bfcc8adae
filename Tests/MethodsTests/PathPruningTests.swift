import Execution
import Graphs
import Ops
import Settings
import Tasks
import Tensors
import TestSupport
import Testing

@testable import Methods

@Suite("Path pruning")
struct PathPruningTests {
  /// A network with a trunk, two branches of which the first forks again, and a classifier.
  ///
  /// Its structure is `trunk -> [ (a | b) -> ab | c ] -> all`.
  private static func tree() throws -> Graph {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [2, 6, 6])])
    try graph.append(Conv2D(filters: 4, kernel: 3, padding: 1), name: "trunk", inputs: ["image"])
    try graph.append(ReLU(), name: "relu", inputs: ["trunk"])
    try graph.append(Conv2D(filters: 3, kernel: 3, padding: 1, bias: false), name: "a", inputs: ["relu"])
    try graph.append(BatchNorm(), name: "a.norm", inputs: ["a"])
    try graph.append(Conv2D(filters: 2, kernel: 1), name: "b", inputs: ["relu"])
    try graph.append(Concat(), name: "ab", inputs: ["a.norm", "b"])
    try graph.append(Conv2D(filters: 5, kernel: 3, padding: 1), name: "first", inputs: ["ab"])
    try graph.append(Conv2D(filters: 4, kernel: 3, padding: 1), name: "c", inputs: ["relu"])
    try graph.append(Conv2D(filters: 3, kernel: 3, padding: 1), name: "second", inputs: ["c"])
    try graph.append(Concat(), name: "all", inputs: ["first", "second"])
    try graph.append(GlobalAveragePool(), name: "mean", inputs: ["all"])
    try graph.append(Flatten(), name: "flat", inputs: ["mean"])
    try graph.append(Linear(features: 3), name: "logits", inputs: ["flat"])
    graph.outputs = ["logits"]
    graph.scatterParameters(seed: 7)
    return graph
  }

  private static func outputs(of graph: Graph) throws -> [Float] {
    let plan = try ReferenceBackend().compile(graph, PlanOptions(batch: 3, mode: .inference))
    var random = SeededRandom(seed: 5, purpose: "images")
    let images = (0..<3 * 72).map { _ in random.normal() }
    plan.forward(images.span, key: 0)
    let tap = try plan.tap("logits")
    var values = [Float](repeating: 0, count: 9)
    var span = values.mutableSpan
    plan.readTap(tap, into: &span)
    return values
  }

  @Test("Paths are the inputs of concatenations")
  func paths() throws {
    #expect(
      try Self.tree().paths().map { GraphPath(junction: $0.junction, value: $0.value) }
        == [
          GraphPath(junction: "ab", value: "a.norm"), GraphPath(junction: "ab", value: "b"),
          GraphPath(junction: "all", value: "first"), GraphPath(junction: "all", value: "second"),
        ])
  }

  @Test(
    "Without a path the network computes what it did with the path's readers at zero",
    arguments: ["a.norm", "b", "first", "second"])
  func maskedEqualsRemoved(value: String) throws {
    let graph = try Self.tree()
    let path = try #require(graph.paths().first { $0.value == value })
    var masked = graph
    // The reader's inputs that are the channels of the path, determined by hand.
    let (reader, channels): (String, Range<Int>) =
      switch value {
      case "a.norm": ("first.weight", 0..<3)
      case "b": ("first.weight", 3..<5)
      case "first": ("logits.weight", 0..<5)
      default: ("logits.weight", 5..<8)
      }
    var weight = try #require(graph.parameters[reader]).value
    let (inputs, inner) = (weight.shape[1], weight.shape.spatialCount)
    for i in weight.values.indices where channels.contains(i / inner % inputs) { weight.values[i] = 0 }
    masked.parameters[reader]?.value = weight
    let removed = try graph.removing(path)
    let (found, truth) = (try Self.outputs(of: removed.graph), try Self.outputs(of: masked))
    #expect(zip(found, truth).allSatisfy { abs($0 - $1) < 1e-5 })
    #expect(try Self.outputs(of: graph) != truth)
    #expect(removed.graph.node(named: path.junction) == nil && removed.graph.node(named: value) == nil)
    #expect(removed.graph.paths().count == (value == "first" ? 0 : 2))
    // Nodes that serve only the path are removed with it.
    let nodes = removed.graph.nodes.map(\.name)
    #expect(nodes.contains("c") == (value != "second"))
    #expect(nodes.contains("a") == (value != "a.norm" && value != "first"))
    #expect(removed.origin.keys.sorted() == removed.graph.parameters.keys.sorted())
  }

  @Test("The last path of a junction stays, and what must stay is named")
  func refusals() throws {
    let graph = try Self.tree()
    let path = GraphPath(junction: "all", value: "image")
    #expect(errorMessage { _ = try graph.removing(path) }.contains("input of the graph"))
    let stray = GraphPath(junction: "all", value: "thrid")
    #expect(errorMessage { _ = try graph.removing(stray) }.contains("thrid"))
  }

  @Test("The paths of the lowest worth go, one of each junction stays")
  func order() throws {
    var graph = try Self.tree()
    // The readers of "b" and of "second" get small weights, so these paths are worth little and go first.
    var first = try #require(graph.parameters["first.weight"]).value
    for i in first.values.indices where i / 9 % 5 >= 3 { first.values[i] *= 1e-3 }
    graph.parameters["first.weight"]?.value = first
    var logits = try #require(graph.parameters["logits.weight"]).value
    for i in logits.values.indices where i % 8 >= 5 { logits.values[i] *= 1e-2 }
    graph.parameters["logits.weight"]?.value = logits
    let evidence = PlanEvidence(
      graph, task: Classification(), backend: ReferenceBackend(),
      source: PatternSource(graph, images: 8, batch: 4), batch: 4)
    func nodes(_ sparsity: Double) throws -> [String] {
      var compression = Compression(PathPruning(sparsity: sparsity), graph: graph, evidence: evidence)
      return try compression.method.compress(&compression).graph.nodes.map(\.name)
    }
    #expect(try nodes(0.25).contains("b") == false)
    let half = try nodes(0.5)
    #expect(!half.contains("b") && !half.contains("second") && half.contains("a") && half.contains("first"))
    #expect(try nodes(0.999) == half)
    #expect(errorMessage { _ = try nodes(0.1) }.contains("less than one path"))
  }

  /// A network of nested concatenations, or with one whose value has another reader.
  private static func nested(_ dense: Bool) throws -> Graph {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [2, 4, 4])])
    try graph.append(Conv2D(filters: 3, kernel: 1), name: "a", inputs: ["image"])
    try graph.append(Conv2D(filters: 2, kernel: 1), name: "b", inputs: [dense ? "a" : "image"])
    try graph.append(Concat(), name: "ab", inputs: ["a", "b"])
    if !dense {
      try graph.append(Conv2D(filters: 4, kernel: 1), name: "c", inputs: ["image"])
      try graph.append(Concat(), name: "abc", inputs: ["ab", "c"])
    }
    try graph.append(GlobalAveragePool(), name: "mean", inputs: [dense ? "ab" : "abc"])
    try graph.append(Flatten(), name: "flat", inputs: ["mean"])
    try graph.append(Linear(features: 3, bias: false), name: "logits", inputs: ["flat"])
    graph.outputs = ["logits"]
    graph.scatterParameters(seed: 3)
    return graph
  }

  @Test("Of paths that meet twice each keeps its worth, and what stands for a junction is not gone")
  func collapse() throws {
    var graph = try Self.nested(false)
    // By sums of absolute weights of the filters that make them, b is worth least, and c less than a.
    for (name, size) in [("a", 1.0), ("b", 0.01), ("c", 0.1)] as [(String, Float)] {
      let shape = try #require(graph.parameters[name + ".weight"]).value.shape
      graph.parameters[name + ".weight"]?.value = Tensor(repeating: size, shape: shape)
    }
    func nodes(_ sparsity: Double) throws -> [String] {
      try compressed(graph, by: PathPruning(sparsity: sparsity, criterion: AbsoluteSum())).graph.nodes.map(
        \.name)
    }
    // There are four paths: a and b join in ab, ab and c in abc.
    #expect(try nodes(0.25) == ["a", "c", "abc", "mean", "flat", "logits"])
    #expect(try nodes(0.5) == ["a", "mean", "flat", "logits"])
    #expect(try nodes(0.999) == ["a", "mean", "flat", "logits"])
  }

  @Test("A path may go beside a value that must stay, as in dense blocks")
  func dense() throws {
    let graph = try Self.nested(true)
    #expect(graph.paths().map(\.value) == ["b"])
    let pruned = try compressed(graph, by: PathPruning(sparsity: 0.999, criterion: AbsoluteSum())).graph
    #expect(pruned.nodes.map(\.name) == ["a", "mean", "flat", "logits"])
  }
}
