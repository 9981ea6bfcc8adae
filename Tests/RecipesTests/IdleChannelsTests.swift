import Graphs
import Ops
import Tensors
import Testing

@testable import Recipes

@Suite("Channels that fill no block of the kernels")
struct IdleChannelsTests {
  private func network(_ filters: [Int]) throws -> Graph {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [3, 8, 8])])
    var value = "image"
    for (number, filters) in filters.enumerated() {
      value = try graph.append(
        Conv2D(filters: filters, kernel: 3), name: "conv\(number + 1)", inputs: [value])
    }
    graph.outputs = [value]
    return graph
  }

  @Test(
    "Layers whose number has changed are named with what kernels compute; those of one number stand together")
  func lines() throws {
    let (before, after) = (try network([24, 20, 32]), try network([13, 20, 13]))
    #expect(
      after.idleChannels(since: before, block: 16)
        == ["conv1, conv3: 13 channels; kernels compute 16 (19 % idle)"])
    #expect(
      try network([8, 3, 24]).idleChannels(since: before, block: 8)
        == ["conv2: 3 channels; kernels compute 8 (63 % idle)"])
    #expect(try network([7, 5, 3]).idleChannels(since: before, block: 1) == [])
  }
}
