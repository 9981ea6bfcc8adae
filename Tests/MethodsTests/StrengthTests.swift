import Graphs
import Methods
import Ops
import Tensors
import TestSupport
import Testing

@Suite("Strength of methods that change layers")
struct StrengthTests {
  static let methods: [any CompressionMethod] = {
    var byRatio = Tucker2()
    byRatio.keptRatio = 0.5
    var linearByRatio = SVDLinear()
    linearByRatio.keptRatio = 0.5
    return [SVDLinear(), linearByRatio, SpatialSVD(), Tucker2(), byRatio, FireModules(), ScaledWidth()]
  }()

  /// A network of convolutions with few and with many channels, and a linear layer.
  private func network() throws -> Graph {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [3, 6, 6])])
    try graph.append(Conv2D(filters: 30, kernel: 3, padding: 1), name: "first", inputs: ["image"])
    try graph.append(Conv2D(filters: 12, kernel: 3, padding: 1), name: "second", inputs: ["first"])
    try graph.append(Conv2D(filters: 8, kernel: 2), name: "third", inputs: ["second"])
    try graph.append(Flatten(), name: "flat", inputs: ["third"])
    try graph.append(Linear(features: 40), name: "hidden", inputs: ["flat"])
    try graph.append(Linear(features: 7), name: "logits", inputs: ["hidden"])
    graph.outputs = ["logits"]
    graph.scatterParameters(seed: 30)
    return graph
  }

  private func sizes<M: CompressionMethod>(_ method: M, _ graph: Graph) throws -> [Int] {
    let strength = try #require(M.strength)
    return try stride(from: 0.0, through: 1, by: 0.04).map { value in
      var method = method
      method[keyPath: strength] = value
      do {
        return try compressed(graph, by: method).graph.parameterCount
      } catch MethodError.nothingToDo {
        return graph.parameterCount
      }
    }
  }

  @Test(
    "more strength never makes a larger student, and the strongest makes a smaller one",
    arguments: StrengthTests.methods.indices)
  func monotone(index: Int) throws {
    let graph = try network()
    let sizes = try sizes(Self.methods[index], graph)
    for (weaker, stronger) in zip(sizes, sizes.dropFirst()) { #expect(stronger <= weaker) }
    #expect(sizes.allSatisfy { $0 <= graph.parameterCount })
    #expect((sizes.last ?? 0) < graph.parameterCount)
  }
}
