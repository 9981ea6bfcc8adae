import Encodings
import Graphs
import Ops
import Tensors
import TestSupport
import Testing

@testable import Methods

@Suite("What a changed network inherits")
struct InheritanceTests {
  private static let random = SeededRandom(seed: 7, purpose: "inheritance")

  /// A child's structure with other weights, with what it inherits of a parent.
  private static func inherited(_ structure: Graph, of parent: Graph) throws -> Graph {
    var child = structure
    child.initializeParameters(seed: 11)
    let graph = Inheritance(of: parent, by: child, random: random).graph
    try graph.verify()
    return graph
  }

  /// How far the outputs of two networks lie apart, as a share of the first one's.
  private static func distance(_ parent: Graph, _ child: Graph) throws -> Float {
    relativeDistance(
      try parent.output(parent.outputs[0]), try child.output(child.outputs[0]))
  }

  @Test(
    "A wider network computes what the narrower one did, whatever joins its nodes",
    arguments: SmallGraph.allCases.filter { $0 != .dropout })
  func wider(small: SmallGraph) throws {
    let wide = try small.graph()
    // One unit of each group less, and of each group that has more than three two less.
    let units = wide.channelGroups().flatMap { group in group.units.suffix(group.units.count > 3 ? 2 : 1) }
      .filter { unit in unit.channels.allSatisfy { (wide.shape(of: $0.key)?[1] ?? 0) > $0.value.count } }
    var parent = wide
    for unit in units {
      // Some units cannot go together: what is left of a value must be a channel.
      guard let smaller = try? parent.removingChannels([unit]).graph else { continue }
      parent = smaller
    }
    guard parent.parameterCount < wide.parameterCount else { return }
    let child = try Self.inherited(wide, of: parent)
    #expect(try Self.distance(parent, child) < 1e-5)
    #expect(child.nodes == wide.nodes)
  }

  /// Convolutions with norms, pooling and a classifier, changed as asked.
  private static func chain(
    first: Int = 4, second: Int = 6, kernel: Int = 3, isDeeper: Bool = false, block: String = "conv2"
  ) throws -> Graph {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [2, 8, 8])])
    try graph.append(
      Conv2D(filters: first, kernel: kernel, padding: kernel / 2), name: "conv1", inputs: ["image"])
    try graph.append(BatchNorm(), name: "norm1", inputs: ["conv1"])
    var value = try graph.append(ReLU(), name: "relu1", inputs: ["norm1"])
    if isDeeper {
      try graph.append(Conv2D(filters: first, kernel: 3, padding: 1), name: "more", inputs: [value])
      try graph.append(BatchNorm(), name: "more-norm", inputs: ["more"])
      value = try graph.append(ReLU(), name: "more-relu", inputs: ["more-norm"])
    }
    try graph.append(Conv2D(filters: second, kernel: 3, padding: 1), name: block, inputs: [value])
    try graph.append(ReLU(), name: "relu2", inputs: [block])
    try graph.append(MaxPool(kernel: 2), name: "pool", inputs: ["relu2"])
    try graph.append(Flatten(), name: "flat", inputs: ["pool"])
    try graph.append(Linear(features: 5), name: "logits", inputs: ["flat"])
    graph.outputs = ["logits"]
    graph.scatterParameters(seed: 5)
    return graph
  }

  @Test("Deeper, wider, with larger kernels, or all at once: the function stays to 1e-5")
  func kept() throws {
    let parent = try Self.chain()
    for structure in [
      try Self.chain(first: 7), try Self.chain(second: 13), try Self.chain(kernel: 5),
      try Self.chain(isDeeper: true), try Self.chain(first: 9, second: 8, kernel: 7, isDeeper: true),
    ] {
      #expect(try Self.distance(parent, Self.inherited(structure, of: parent)) < 1e-5)
    }
  }

  @Test("Copies are of channels that were there, and their weights are divided unevenly among them")
  func shares() throws {
    let parent = try Self.chain()
    let child = try Self.inherited(Self.chain(first: 6), of: parent)
    let (old, new) = (
      try #require(parent.parameters["conv1.weight"]?.value),
      try #require(child.parameters["conv1.weight"]?.value)
    )
    let each = 2 * 9
    func filter(_ tensor: Tensor, _ index: Int) -> [Float] {
      Array(tensor.values[(index * each)..<((index + 1) * each)])
    }
    let sources = (0..<6).map { index in (0..<4).first { filter(old, $0) == filter(new, index) } }
    #expect(sources.prefix(4) == [0, 1, 2, 3] && sources.allSatisfy { $0 != nil })
    let reader = try #require(child.parameters["conv2.weight"]?.value)
    let before = try #require(parent.parameters["conv2.weight"]?.value)
    for channel in 0..<4 {
      let places = (0..<6).filter { sources[$0] == channel }
      let parts = places.map { reader.values[$0 * 9] }
      #expect(abs(parts.reduce(0, +) - before.values[channel * 9]) < 1e-5)
      if places.count > 1 { #expect(Set(parts).count == parts.count) }
    }
  }

  @Test("A narrower network keeps the strongest channels: where the others are zero, it computes the same")
  func narrower() throws {
    var parent = try Self.chain(first: 6)
    for channel in [1, 4] {
      for tap in 0..<18 { parent.parameters["conv1.weight"]?.value.values[channel * 18 + tap] = 0 }
      // What a norm makes of a silent channel is nothing.
      for role in ["bias"] { parent.parameters["conv1.\(role)"]?.value.values[channel] = 0 }
      for role in ["scale", "shift", "mean"] { parent.parameters["norm1.\(role)"]?.value.values[channel] = 0 }
    }
    #expect(try Self.distance(parent, Self.inherited(Self.chain(first: 4), of: parent)) < 1e-5)
  }

  @Test("A smaller kernel is the middle of the larger, and a removed layer leaves what read it its channels")
  func smaller() throws {
    let small = try Self.chain()
    let large = try Self.inherited(Self.chain(kernel: 5, isDeeper: true), of: small)
    let again = try Self.inherited(Self.chain(), of: large)
    #expect(try Self.distance(small, again) < 1e-5)
    #expect(again.parameters["conv1.weight"]?.value == small.parameters["conv1.weight"]?.value)
  }

  @Test("A replaced block starts anew, and all others keep their weights")
  func replaced() throws {
    let parent = try Self.chain()
    var structure = try Self.chain(block: "other")
    structure.initializeParameters(seed: 11)
    let inheritance = Inheritance(of: parent, by: structure, random: Self.random)
    #expect(
      inheritance.inherited == [
        "conv1.weight", "conv1.bias", "norm1.scale", "norm1.shift", "norm1.mean", "norm1.variance",
        "logits.weight",
        "logits.bias",
      ])
    let child = inheritance.graph
    #expect(child.parameters["other.weight"] == structure.parameters["other.weight"])
    #expect(child.parameters["logits.weight"] == parent.parameters["logits.weight"])
  }

  @Test("What a parent computed with is inherited, not what it masks")
  func masked() throws {
    var parent = try Self.chain()
    let weight = try #require(parent.parameters["conv2.weight"])
    let kept = weight.value.values.indices.map { $0 % 3 == 0 }
    parent.parameters["conv2.weight"]?.encoding = Sparse(mask: Mask(kept))
    let child = try Self.inherited(Self.chain(second: 9), of: parent)
    #expect(try Self.distance(parent, child) < 1e-5)
    #expect(child.parameters["conv2.weight"]?.encoding.isEqual(to: Dense()) == true)
  }

  @Test("The same parent and stream give the same child")
  func pure() throws {
    let parent = try Self.chain()
    let structure = try Self.chain(first: 9, second: 11)
    #expect(try Self.inherited(structure, of: parent) == Self.inherited(structure, of: parent))
  }
}
