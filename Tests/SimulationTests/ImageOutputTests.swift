import Graphs
import Ops
import Tensors
import Testing

@testable import Simulation

@Suite("Simulated networks whose output is an image")
struct ImageOutputTests {
  @Test("Floats are compared with the channels of a pixel side by side, as the program gives them")
  func floats() throws {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [1, 2, 2])])
    try graph.append(Conv2D(filters: 2, kernel: 1), name: "layer", inputs: ["image"])
    graph.outputs = ["layer"]
    graph.initializeParameters(seed: 0)
    graph.parameters["layer.weight"]?.value.values = [1, 10]
    graph.parameters["layer.bias"]?.value.values = [0, 0]
    let arithmetic = try SimulatedFloats(graph)
    #expect(arithmetic.agrees([1, 10, 2, 20, 3, 30, 4, 40], on: [1, 2, 3, 4]))
    #expect(!arithmetic.agrees([1, 2, 3, 4, 10, 20, 30, 40], on: [1, 2, 3, 4]))
  }
}
