import Graphs
import Ops
import Tensors
import TestSupport
import Testing

@testable import Targets

@Suite("Memory of values")
struct LiveBytesTests {
  /// A network on 4x4x4 images, so that each value of four channels takes 256 bytes.
  private func network(_ build: (inout Graph) throws -> Void) throws -> Graph {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [4, 4, 4])])
    try build(&graph)
    graph.outputs = graph.nodes.last.map { [$0.name] } ?? []
    return graph
  }

  private func conv(_ filters: Int = 4) -> Conv2D { Conv2D(filters: filters, kernel: 3, padding: 1) }

  @Test("a residual block holds the shortcut, what is read and what is written")
  func residual() throws {
    let graph = try network { graph in
      try graph.append(conv(), name: "a", inputs: ["image"])
      try graph.append(ReLU(), name: "relu", inputs: ["a"])
      try graph.append(conv(), name: "b", inputs: ["relu"])
      try graph.append(Add(), name: "sum", inputs: ["b", "image"])
      try graph.append(ReLU(), name: "out", inputs: ["sum"])
    }
    // These are image, relu (in the memory of a) and b; the sum lies over b.
    #expect(graph.peakLiveBytes == 3 * 256)
  }

  @Test("a wide branch counts while the shortcut waits")
  func wideBranch() throws {
    let graph = try network { graph in
      try graph.append(conv(16), name: "wide", inputs: ["image"])
      try graph.append(conv(), name: "narrow", inputs: ["wide"])
      try graph.append(Add(), name: "sum", inputs: ["narrow", "image"])
    }
    #expect(graph.peakLiveBytes == 256 + 1024 + 256)
  }

  @Test("an op does not write over what is read later")
  func readLater() throws {
    let graph = try network { graph in
      try graph.append(ReLU(), name: "relu", inputs: ["image"])
      try graph.append(Add(), name: "sum", inputs: ["relu", "image"])
    }
    #expect(graph.peakLiveBytes == 2 * 256)
  }

  @Test("outputs live to the end")
  func outputs() throws {
    var graph = try network { graph in
      try graph.append(conv(), name: "first", inputs: ["image"])
      try graph.append(conv(), name: "second", inputs: ["first"])
      try graph.append(conv(), name: "third", inputs: ["second"])
    }
    #expect(graph.peakLiveBytes == 2 * 256)
    graph.outputs = ["first", "third"]
    #expect(graph.peakLiveBytes == 3 * 256)
  }

  @Test("a value that a ReLU clamps as it is made is kept as narrow as the ReLU's")
  func fused() throws {
    var graph = try network { graph in
      try graph.append(conv(16), name: "wide", inputs: ["image"])
      try graph.append(ReLU(), name: "relu", inputs: ["wide"])
      try graph.append(conv(), name: "out", inputs: ["relu"])
    }
    #expect(graph.peakLiveBytes == 1024 + 256)
    for value in ["image", "relu", "out"] { graph.values[value] = ByteValue() }
    #expect(graph.peakLiveBytes == 256 + 64)
  }

  @Test("what is laid out anew keeps its memory alive and its width")
  func unmoved() throws {
    var graph = try network { graph in
      try graph.append(Flatten(), name: "flat", inputs: ["image"])
      try graph.append(Linear(features: 4), name: "logits", inputs: ["flat"])
    }
    #expect(graph.peakLiveBytes == 256 + 16)
    graph.values["image"] = ByteValue()
    #expect(graph.peakLiveBytes == 64 + 16)
  }
}
