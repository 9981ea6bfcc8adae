import Foundation
import Graphs
import Ops
import Tensors
import TestSupport
import Testing

@testable import Execution

@Suite("Scores without their probabilities")
struct ScoresTests {
  private func network(_ classes: Int, _ end: (inout Graph) throws -> String) throws -> Graph {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [2, 4, 4])])
    try graph.append(Conv2D(filters: classes, kernel: 3), name: "conv", inputs: ["image"])
    try graph.append(GlobalAveragePool(), name: "pool", inputs: ["conv"])
    graph.outputs = [try end(&graph)]
    graph.initializeParameters(seed: 3)
    return graph
  }

  private func outputs(_ graph: Graph) throws -> [Float] {
    let plan = try ReferenceBackend().compile(graph, PlanOptions(batch: 2, mode: .inference))
    let tap = try plan.tap(graph.outputs[0])
    let images = (0..<64).map { Float(($0 * 37) % 23) / 11 - 1 }
    plan.forward(images.span, key: 0)
    var values = [Float](repeating: 0, count: tap.count)
    var span = values.mutableSpan
    plan.readTap(tap, into: &span)
    return values
  }

  private func softmax(_ row: ArraySlice<Float>) -> [Double] {
    let powers = row.map { exp(Double($0)) }
    return powers.map { $0 / powers.reduce(0, +) }
  }

  @Test(
    "The softmax of the scores is what the network gave, whatever stands behind its softmax",
    arguments: [0, 1, 2])
  func softmaxes(form: Int) throws {
    let graph = try network(5) { graph in
      switch form {
      case 0:
        try graph.append(Flatten(), name: "flat", inputs: ["pool"])
        return try graph.append(Softmax(), name: "end", inputs: ["flat"])
      case 1:
        try graph.append(Softmax(), name: "soft", inputs: ["pool"])
        return try graph.append(Flatten(), name: "end", inputs: ["soft"])
      default:
        try graph.append(Flatten(), name: "flat", inputs: ["pool"])
        try graph.append(Softmax(), name: "first", inputs: ["flat"])
        return try graph.append(Softmax(), name: "end", inputs: ["first"])
      }
    }
    let scores = try #require(try graph.withoutProbabilities()).graph
    try scores.verify()
    #expect(scores.nodes.count == graph.nodes.count - 1)
    let (probabilities, found) = (try outputs(graph), try outputs(scores))
    for row in [0..<5, 5..<10] {
      for (a, b) in zip(softmax(found[row]), probabilities[row]) { #expect(abs(a - Double(b)) < 1e-6) }
    }
  }

  @Test("A softmax that something else reads, or over pixels, is no end")
  func keeps() throws {
    let gate = try network(5) { graph in
      try graph.append(Softmax(), name: "soft", inputs: ["pool"])
      try graph.append(Multiply(), name: "gated", inputs: ["conv", "soft"])
      try graph.append(GlobalAveragePool(), name: "mean", inputs: ["gated"])
      return try graph.append(Flatten(), name: "end", inputs: ["mean"])
    }
    #expect(try gate.withoutProbabilities() == nil)
    let pixels = try network(5) { graph in
      try graph.append(Softmax(), name: "soft", inputs: ["conv"])
      return try graph.append(Flatten(), name: "end", inputs: ["soft"])
    }
    #expect(try pixels.withoutProbabilities() == nil)
  }

  @Test("One sigmoid becomes two scores whose softmax gives both probabilities", arguments: [true, false])
  func oneOutput(isLinear: Bool) throws {
    let graph = try network(isLinear ? 3 : 1) { graph in
      try graph.append(Flatten(), name: "flat", inputs: ["pool"])
      var end = "flat"
      if isLinear { end = try graph.append(Linear(features: 1), name: "z", inputs: ["flat"]) }
      return try graph.append(Sigmoid(), name: "end", inputs: [end])
    }
    let scores = try #require(try graph.withoutProbabilities()).graph.withTwoScores()
    try scores.verify()
    #expect(scores.shape(of: scores.outputs[0]) == [1, 2])
    let (probabilities, found) = (try outputs(graph), try outputs(scores))
    for item in 0..<2 {
      let both = softmax(found[2 * item..<2 * item + 2])
      #expect(abs(both[1] - Double(probabilities[item])) < 1e-6)
      #expect(abs(both[0] - (1 - Double(probabilities[item]))) < 1e-6)
    }
  }
}
